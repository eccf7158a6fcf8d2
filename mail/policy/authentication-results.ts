/**
 * What SPF, DKIM, DMARC and ARC found, as values; and the Authentication-Results field that tells it (RFC 8601, one
 * DKIM result per signature). Texts of strangers cannot break out of it.
 */
import type { Settings } from '../directory/settings.ts';
import { fieldWord, foldField } from '../envelope/field-text.ts';

export type SpfResult = 'none' | 'neutral' | 'pass' | 'fail' | 'softfail' | 'temperror' | 'permerror';

export interface Findings {
  readonly spf?: {
    readonly result: SpfResult;
    /** The domain asked: of MAIL FROM, or of HELO for the null sender. */
    readonly domain: string;
    readonly identity: 'mailfrom' | 'helo';
  };
  /** One per signature; empty: none. */
  readonly dkim?: readonly {
    readonly result: 'none' | 'pass' | 'fail' | 'policy' | 'neutral' | 'temperror' | 'permerror';
    readonly domain: string;
    readonly selector: string;
  }[];
  readonly dmarc?: {
    readonly result: 'none' | 'pass' | 'fail' | 'temperror' | 'permerror';
    /** As published for this domain. */
    readonly policy: 'none' | 'quarantine' | 'reject';
    /** The domain of From. */
    readonly domain: string;
  };
  readonly arc?: {
    readonly result: 'none' | 'pass' | 'fail';
    /** The domain of the outermost seal. */
    readonly sealer?: string | undefined;
  };
}

/** Undefined: every method is off, or found nothing to say. */
export function authenticationResults(settings: Settings, findings: Findings): string | undefined {
  const modes = settings.configuration.senderAuthentication;
  const results = [
    ...(modes.spf === 'off' ? [] : spfWords(findings)),
    ...(modes.dkim === 'off' ? [] : dkimWords(findings)),
    ...(modes.dmarc === 'off' ? [] : dmarcWords(findings)),
    ...arcWords(findings),
  ];
  if (results.length === 0) return undefined;
  const words = results.flatMap((result) => [';', ...result]);
  return foldField('Authentication-Results', glued([settings.server.hostName, ...words]));
}

function spfWords({ spf }: Findings): string[][] {
  return spf ? [[`spf=${spf.result}`, `smtp.${spf.identity}=${fieldWord(spf.domain)}`]] : [];
}

function dkimWords({ dkim }: Findings): string[][] {
  if (dkim?.length === 0) return [['dkim=none']];
  return (dkim ?? []).map(({ result, domain, selector }) => [
    `dkim=${result}`,
    `header.d=${fieldWord(domain)}`,
    `header.s=${fieldWord(selector)}`,
  ]);
}

function dmarcWords({ dmarc }: Findings): string[][] {
  return dmarc ? [[`dmarc=${dmarc.result}`, `header.from=${fieldWord(dmarc.domain)}`]] : [];
}

function arcWords({ arc }: Findings): string[][] {
  return arc === undefined || arc.result === 'none' ? [] : [[`arc=${arc.result}`]];
}

/** A semicolon stands at the end of the word before it. */
function glued(words: readonly string[]): string[] {
  return words.flatMap((word, at) => {
    if (word === ';') return [];
    return words[at + 1] === ';' ? [`${word};`] : [word];
  });
}
