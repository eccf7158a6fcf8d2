/**
 * What a document leads to outside the directory, as warnings: direct sending that is not deployed, secrets that
 * nobody has made, DNS lists whose test entry does not answer. None of them blocks, and what cannot be asked within
 * a second is no reason to wait: a DNS list then counts as one that does not answer, a secret as one that is there.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { directWarnings } from '../../mail/document/direct-warnings.ts';
import type { Configuration, DocumentOf, FormName } from '../../mail/document/forms.ts';
import { secretReferences } from '../../mail/document/references.ts';
import { askSite } from '../../mail/policy/dns-lists.ts';
import type { Resolver } from '../../mail/relay/doors.ts';

export interface Outside {
  warnings<F extends FormName>(form: F, document: DocumentOf[F]): Promise<string[]>;
}

export interface OutsideDoors {
  readonly directSending: boolean;
  readonly mxPort: number;
  readonly resolver: Pick<Resolver, 'addresses'>;
  readonly hasSecret: (name: string) => Promise<boolean>;
  readonly onFault: (what: string, cause: unknown) => void;
  readonly patienceMs?: number;
}

/** RFC 5782 section 5: every list of IPv4 addresses has this entry. */
const testAddress = '127.0.0.2';

export function outsideWarnings(doors: OutsideDoors): Outside {
  return {
    async warnings(form, document) {
      const direct = doors.directSending ? [] : directWarnings(form, document, doors);
      if (form !== 'Configuration') return direct;
      const configuration = document as Configuration;
      const asked = await Promise.all([
        ...listsOf(configuration).map((list) => listWarning(doors, list)),
        ...secretReferences(configuration).map((secret) => secretWarning(doors, secret)),
      ]);
      return [...direct, ...asked.flat()];
    },
  };
}

interface List {
  readonly field: string;
  readonly site: string;
}

function listsOf({ dnsWhitelist, dnsBlacklist }: Configuration): List[] {
  return Object.entries({ dnsWhitelist, dnsBlacklist }).flatMap(([list, { enabled, sites }]) =>
    enabled ? sites.map((site, index) => ({ field: `${list}.sites[${index}]`, site })) : [],
  );
}

async function listWarning(doors: OutsideDoors, { field, site }: List): Promise<string[]> {
  const answer = await inTime(doors, askSite(testAddress, site, doors.resolver as Resolver), 'unusable');
  if (answer === 'listed') return [];
  return [
    `${field}: "${site}" does not answer for its test entry (2.0.0.127.${site} is to be 127.0.0.2), so it lists nobody; correct the name, or ask who runs the list`,
  ];
}

async function secretWarning(
  doors: OutsideDoors,
  { field, secret }: { field: string; secret: string },
): Promise<string[]> {
  const known = doors.hasSecret(secret).catch((cause: unknown) => {
    doors.onFault('A secret could not be looked up.', cause);
    return true;
  });
  if (await inTime(doors, known, true)) return [];
  return [`${field}: there is no secret named "${secret}"; make it, or correct the name`];
}

async function inTime<T>({ patienceMs = 1_000 }: OutsideDoors, asked: Promise<T>, late: T): Promise<T> {
  const ended = new AbortController();
  const waiting = pause(patienceMs, late, { signal: ended.signal }).catch(() => late);
  try {
    return await Promise.race([asked, waiting]);
  } finally {
    ended.abort();
  }
}
