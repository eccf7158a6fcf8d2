/**
 * A small world for policy tests: settings from documents as administrators write them, a directory and a DNS that
 * hold what a test gives and remember what they were asked. What was not prepared does not exist.
 */
import { parseAddress, parsePath } from '../../../mail/address/path.ts';
import { DirectoryUnavailable, type Directory, type Entry } from '../../../mail/directory/directory.ts';
import type { Settings } from '../../../mail/directory/settings.ts';
import { forms, type FormName } from '../../../mail/document/forms.ts';
import { foldName, lookupKey, lookupKeys } from '../../../mail/document/names.ts';
import type { PolicyContext } from '../../../mail/policy/context.ts';
import { peerOf } from '../../../mail/policy/peer.ts';
import { DnsUnavailable, type Resolver } from '../../../mail/relay/doors.ts';

type Fields = Record<string, unknown>;

export interface World {
  readonly server?: Fields;
  readonly configuration?: Fields;
  readonly domains?: readonly Fields[];
  readonly people?: readonly Fields[];
  readonly databases?: readonly Fields[];
  readonly groups?: readonly Fields[];
  /** Records by `type name`, e.g. `ptr 192.0.2.1`; the value `down`: DNS cannot be asked. */
  readonly dns?: Record<string, readonly string[] | 'down'>;
  readonly directoryDown?: boolean;
  readonly peer?: string;
  /** As XCLIENT gives it; null: none. Absent: looked up. */
  readonly hostName?: string | null;
  readonly auth?: string;
  readonly port?: 'smtp' | 'submission' | 'smtps';
}

export function world(given: World = {}): PolicyContext & { asked: string[] } {
  const asked: string[] = [];
  const resolver = dnsOf(given.dns ?? {}, asked);
  const peer = peerOf(given.peer ?? '192.0.2.1', resolver, given.hostName);
  return {
    settings: settingsOf(given),
    directory: directoryOf(given),
    resolver,
    session: { port: given.port ?? 'smtp', peer, auth: given.auth },
    asked,
  };
}

export function settingsOf(given: World): Settings {
  const server = document(
    'Server',
    { hostName: 'mail1.acme.example', domain: 'ACME', ...given.server },
    'Mail1/Acme',
  );
  const domains = given.domains ?? [{ name: 'Acme', primaryDomain: 'acme.example' }];
  const groups = (given.groups ?? []).map((fields) => document('Group', fields));
  const people = (given.people ?? []).map((fields) => document('Person', fields));
  return {
    version: 'one',
    server,
    servers: [server],
    configuration: document('Configuration', { ...given.configuration }, '*'),
    globalDomains: domains.map((fields) => document('GlobalDomain', fields)),
    foreignSmtpDomains: [],
    connections: [],
    groups: Object.fromEntries(groups.map((group) => [foldName(group.name), group])),
    people: Object.fromEntries(people.map((person) => [foldName(person.name), person.internetAddress])),
  } as unknown as Settings;
}

function document(form: FormName, { name, ...fields }: Fields, otherwise?: string) {
  const parsed = forms[form].parse(fields) as Fields;
  return { ...parsed, name: (name ?? otherwise) as string } as { name: string } & Fields;
}

function directoryOf(given: World): Directory {
  const entries = (['Person', 'MailInDatabase', 'Group'] as const).flatMap((form) => {
    const fields = { Person: given.people, MailInDatabase: given.databases, Group: given.groups }[form] ?? [];
    return fields.map((one) => entryOf(form, document(form, one)));
  });
  const open = <T>(value: T): Promise<T> =>
    given.directoryDown
      ? Promise.reject(new DirectoryUnavailable('The directory is away.'))
      : Promise.resolve(value);
  const find = (text: string) =>
    entries
      .map((entry) => ({ ...entry, keys: keysMatching(entry, text) }))
      .filter(({ keys }) => keys.length > 0);
  return {
    findName: (name) => open(find(name)),
    findAddress: (address) => open(find(address).filter(({ keys }) => keys.includes('internet-address'))),
    group: (name) => {
      const group = entries.find(
        (entry) => entry.form === 'Group' && foldName(entry.name) === foldName(name),
      );
      return open(group?.document as never);
    },
  };
}

function entryOf(form: Entry['form'], found: { name: string }) {
  return { form, name: found.name, document: found } as unknown as Entry;
}

function keysMatching(entry: Entry, text: string) {
  const keys = lookupKeys(entry.form, entry.document as never);
  return keys.filter(({ key }) => key === lookupKey(text)).map(({ as }) => as);
}

function dnsOf(records: Record<string, readonly string[] | 'down'>, asked: string[]): Resolver {
  const ask = (question: string): Promise<string[]> => {
    asked.push(question);
    const found = Object.hasOwn(records, question) ? records[question] : [];
    if (found === 'down')
      return Promise.reject(new DnsUnavailable(`No name server answers for ${question}.`));
    return Promise.resolve([...found!]);
  };
  return {
    mx: async (domain) => {
      const hosts = await ask(`mx ${domain}`);
      const exists = Object.keys(records).some((key) => key.endsWith(` ${domain}`));
      return { exists, records: hosts.map((exchange) => ({ exchange, priority: 10 })) };
    },
    ptr: (address) => ask(`ptr ${address}`),
    addresses: async (host, family) =>
      [
        ...(family === 6 ? [] : await ask(`a ${host}`)),
        ...(family === 4 ? [] : await ask(`aaaa ${host}`)),
      ].flat(),
    txt: async (name) => (await ask(`txt ${name}`)).map((text) => [text]),
  };
}

/** A peer with a confirmed host name, in DNS. */
export function named(address: string, name: string): Record<string, readonly string[]> {
  return { [`ptr ${address}`]: [name], [`a ${name}`]: [address] };
}

export function address(text: string) {
  const parsed = parseAddress(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.value;
}

export function path(text: string) {
  const parsed = parsePath(text, { smtpUtf8: true });
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.value;
}
