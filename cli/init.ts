/**
 * `postern documents init`: a safe first set. The listener is on and takes mail for one domain; nobody may relay,
 * nothing leaves. Never over documents that are there.
 */
import { canonicalDomain } from '../mail/address/domain.ts';
import type { Call, Command } from './command.ts';
import { directoryOf, foldedId, storedItems } from './directory.ts';
import { Failure, Usage } from './failure.ts';
import { judge } from './judge.ts';
import { flag, option } from './words.ts';
import { resultOf, writeDocuments } from './write-documents.ts';

export interface FirstSet {
  readonly server: string;
  readonly hostName: string;
  /** An Internet domain, `acme.example`, or a Domino domain, `ACME`. */
  readonly domain: string;
}

export function firstDocuments({
  server,
  hostName,
  domain,
}: FirstSet): (Record<'form' | 'name', string> & Readonly<Record<string, unknown>>)[] {
  const isInternet = domain.includes('.');
  const host = canonicalDomain(hostName) ?? hostName;
  const primaryDomain = isInternet ? domain : host.slice(host.indexOf('.') + 1);
  const dominoDomain = isInternet ? domain.split('.')[0]!.toUpperCase() : domain;
  return [
    { form: 'Server', name: server, hostName, domain: dominoDomain, smtpListener: true },
    { form: 'Configuration', name: '*', ...closed },
    {
      form: 'GlobalDomain',
      name: dominoDomain,
      default: true,
      dominoDomains: [dominoDomain],
      primaryDomain,
    },
  ];
}

/** The defaults, written down where an administrator will look for them first. */
const closed = {
  routing: { smtpOutsideLocalDomain: false },
  inboundRelay: { allowHosts: [], denyHosts: ['*'], allowDestinations: [], denyDestinations: ['*'] },
};

async function init(call: Call) {
  const [server, hostName, domain] = ['server', 'host-name', 'domain'].map((name) => required(call, name));
  const documents = firstDocuments({ server: server!, hostName: hostName!, domain: domain! });
  const stored = await storedItems(directoryOf(call.gateway), documents);
  const there = documents.filter((document) => stored.has(foldedId(document)));
  if (there.length > 0)
    throw new Failure(
      `There is a ${there.map(({ form, name }) => `${form} ${name}`).join(' and a ')} already; init writes only where there is none. Change documents with "postern documents put".`,
    );
  const dryRun = flag(call, 'dry-run');
  const judged = judge(documents.map((value) => ({ place: `${value.form} ${value.name}`, value })));
  const outcome = await writeDocuments(call.gateway, judged, { invalid: 'refuse all', dryRun });
  const result = resultOf(outcome, dryRun);
  if (outcome.exitCode !== 0) return result;
  return {
    ...result,
    text: `${result.text}\n\n${nextSteps({ server: server!, hostName: hostName!, domain: domain! })}`,
  };
}

function required(call: Call, name: string): string {
  const found = option(call, name);
  if (found === undefined || found.trim() === '') throw new Usage(`--${name} is missing.`);
  return found;
}

function nextSteps({ server, hostName, domain }: FirstSet): string {
  return [
    `Server ${server} takes mail for ${domain}; nobody may relay, and nothing leaves. Next:`,
    '  1. People: write Person documents, or import them:',
    '       postern documents import --ldif people.ldif',
    '  2. A postmaster: put "postmaster" into the Server document; until then mail to postmaster is held.',
    '  3. Passwords, for those who send: postern people set-password "Jane Doe/Acme"',
    '  4. Mail to the world: "routing": {"smtpOutsideLocalDomain": true, "relayHost": "…"} in Configuration *.',
    `  5. DNS: an MX of the domain that names ${hostName}, and its address.`,
    '  6. Look before you send: postern explain --from you@elsewhere.example --to somebody@your.domain',
  ].join('\n');
}

export const initCommands: Record<string, Command> = {
  'documents init': {
    takes: '--server S --host-name H --domain D [--dry-run]',
    does: 'a safe first set: listener on, relay closed, no outbound',
    options: {
      server: { type: 'string' },
      'host-name': { type: 'string' },
      domain: { type: 'string' },
      'dry-run': { type: 'boolean' },
    },
    run: init,
  },
};
