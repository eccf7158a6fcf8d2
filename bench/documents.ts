/** The documents that our listener is measured with: one domain, one person, room for large messages, many sessions. */
import type { Directory, Entry } from '../mail/directory/directory.ts';
import { cachedDirectory } from '../mail/directory/cached-directory.ts';
import { refreshingSettings } from '../mail/directory/refreshing-settings.ts';
import type { Settings, SettingsSource } from '../mail/directory/settings.ts';
import { forms, type FormName, type Person } from '../mail/document/forms.ts';
import { DnsUnavailable, type Resolver } from '../mail/relay/doors.ts';

type Fields = Record<string, unknown>;

function document(form: FormName, { name, ...fields }: Fields): never {
  return { ...(forms[form].parse(fields) as Fields), name } as never;
}

export function settingsOf(configuration: Fields = {}): Settings {
  const server: Settings['server'] = document('Server', {
    name: 'Bench/Acme',
    hostName: 'bench.invalid',
    domain: 'ACME',
    smtpListener: true,
    maximumSessionsPerHost: 100_000,
    errorLimit: 1_000,
  });
  const routing = { maximumMessageSize: 64 * 1024 };
  return {
    version: 'one',
    server,
    servers: [server],
    configuration: document('Configuration', { name: '*', routing, ...configuration }),
    globalDomains: [document('GlobalDomain', { name: 'Bench', primaryDomain: 'bench.invalid' })],
    foreignSmtpDomains: [],
    connections: [],
    groups: {},
    people: {},
  };
}

const refreshSeconds = 5;

/** As in production: confirmed every five seconds, from memory meanwhile. */
export function settingsSource(settings: Settings): SettingsSource {
  return refreshingSettings({
    refreshSeconds,
    clock: () => new Date(),
    read: (held) => Promise.resolve(held ?? settings),
  });
}

const person: Person = document('Person', {
  name: 'User/Acme',
  lastName: 'User',
  internetAddress: 'user@bench.invalid',
});
const entry: Entry = { form: 'Person', name: 'User/Acme', document: person, keys: ['internet-address'] };

export function directory(): Directory {
  const found = (text: string): Promise<Entry[]> =>
    Promise.resolve(text.toLowerCase() === 'user@bench.invalid' ? [entry] : []);
  const looked = { findAddress: found, findName: found, group: () => Promise.resolve(undefined) };
  return cachedDirectory(looked, { seconds: refreshSeconds, now: () => performance.now() });
}

const none = (): Promise<never> => Promise.reject(new DnsUnavailable('There is no DNS here.'));
export const resolver: Resolver = { mx: none, addresses: none, ptr: none, txt: none };
