/**
 * Compiles the settings of one server: a pure function of the kept versions. The version is the hash of what the
 * settings say, so equal settings are one set, whoever compiled them.
 */
import type { Configuration, Server } from '../document/forms.ts';
import { foldName } from '../document/names.ts';
import { references } from '../document/references.ts';
import { contentHash } from './content.ts';
import type { Settings } from './settings.ts';
import { configurationFor, groupsWithin, inOrder, namesAmong, type World } from './world.ts';

/** Undefined: no Configuration applies to this server. */
export function compileSettings(server: Server, world: World): Settings | undefined {
  const configuration = configurationFor(server, world);
  if (configuration === undefined) return undefined;
  const content = {
    server,
    servers: inOrder(world.documents.Server),
    configuration,
    globalDomains: inOrder(world.documents.GlobalDomain),
    foreignSmtpDomains: inOrder(world.documents.ForeignSmtpDomain),
    connections: inOrder(world.documents.SmtpConnection),
    ...namedIn(configuration, world),
  };
  return { version: contentHash(content), ...content };
}

/** Who the names in the Configuration's lists are. */
function namedIn(configuration: Configuration, world: World): Pick<Settings, 'groups' | 'people'> {
  const direct = references('Configuration', configuration).map(({ name }) => foldName(name));
  const groups = groupsWithin(direct, world);
  const nested = [...groups.values()].flatMap(({ members }) => namesAmong(members));
  const people = [...new Set([...direct, ...nested])].flatMap((name) => {
    const address = world.people.get(name);
    return address === undefined ? [] : [[name, address] as const];
  });
  return { groups: sorted(groups), people: sorted(people) };
}

function sorted<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  return Object.fromEntries([...entries].sort(([one], [other]) => (one < other ? -1 : 1)));
}
