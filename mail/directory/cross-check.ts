/**
 * Checks one document against the kept versions of the others: names that must exist, what leads nowhere, two
 * Configurations for one server. (That addresses are unique and one Global Domain the default is held by claims,
 * document-views.ts.) Pure; `waitsFor` names what may end a problem.
 */
import type { Configuration, DocumentOf, ForeignSmtpDomain, FormName, Server } from '../document/forms.ts';
import { shortenName } from '../document/fields.ts';
import { foldName } from '../document/names.ts';
import { references, type Reference } from '../document/references.ts';
import { idOf } from './kept.ts';
import { takesEverything } from '../document/list-entry.ts';
import { warningOfOpenLists } from '../document/warnings.ts';
import {
  configurationFor,
  groupHolds,
  groupOfEverything,
  groupsWithin,
  inOrder,
  isForMail,
  namesAmong,
  type World,
} from './world.ts';

export interface CrossCheck {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  readonly waitsFor: readonly string[];
}

interface Finding {
  readonly problem?: string;
  readonly warning?: string;
  readonly waitsFor: readonly string[];
}

/** `world` has the document itself in it. */
export function crossCheck<F extends FormName>(form: F, document: DocumentOf[F], world: World): CrossCheck {
  const findings = [
    ...references(form, document).flatMap((reference) => nameFinding(reference, world)),
    ...ownFindings(form, document, world),
  ];
  const texts = (kind: 'problem' | 'warning'): string[] => findings.flatMap((one) => one[kind] ?? []);
  return {
    problems: texts('problem'),
    warnings: [...new Set(texts('warning'))],
    waitsFor: [...new Set(findings.flatMap(({ waitsFor }) => waitsFor))],
  };
}

function nameFinding(reference: Reference, world: World): Finding[] {
  const name = foldName(reference.name);
  const there = reference.forms.filter((form) => exists(form, name, world));
  if (there.length === 0) return [unknown(reference, name)];
  const isGroup = there.includes('Group');
  if (!reference.field.endsWith(']')) return isGroup ? everythingFindings(reference, world, isForMail) : [];
  if (isGroup) return groupFindings(reference, name, world);
  if (there.includes('Person') && world.people.get(name) === undefined) {
    const warning = `${reference.field}: person "${shortenName(reference.name)}" has no internetAddress, so the entry matches nothing`;
    return [{ warning, waitsFor: [`Person#${name}`] }];
  }
  return [];
}

function exists(form: FormName, name: string, world: World): boolean {
  if (form === 'Group') return world.groups.has(name);
  if (form === 'Person') return world.people.has(name);
  if (form === 'MailInDatabase') return world.databases.has(name);
  return world.documents[form].has(name);
}

const words: Record<FormName, string> = {
  Server: 'server',
  Configuration: 'Configuration',
  GlobalDomain: 'Global Domain',
  Person: 'person',
  Group: 'group',
  MailInDatabase: 'mail-in database',
  ForeignSmtpDomain: 'Foreign SMTP Domain',
  SmtpConnection: 'connection',
};

function unknown({ field, name, forms }: Reference, folded: string): Finding {
  const kinds = forms.map((form) => words[form]).join(' or ');
  return {
    problem: `${field}: no ${kinds} is named "${shortenName(name)}"; publish that document, or correct the name`,
    waitsFor: forms.map((form) => `${form}#${folded}`),
  };
}

function groupFindings(reference: Reference, folded: string, world: World): Finding[] {
  const { field, name, place } = reference;
  const group = world.groups.get(folded)!;
  const { groupType } = group;
  if (!isForMail(group)) {
    const problem = `${field}: group "${shortenName(name)}" is of type ${groupType}; lists take groups of type multi-purpose or mail-only`;
    return [{ problem, waitsFor: [`Group#${folded}`] }];
  }
  const ofNobody = [...groupsWithin([folded], world)].flatMap(([nested, { members }]) =>
    namesAmong(members)
      .filter((member) => !exists('Group', member, world) && !exists('Person', member, world))
      .map((member) => ({
        warning: `${field}: group "${shortenName(world.groups.get(nested)!.name)}" names "${shortenName(member)}", which no group or person is named, so that member matches nothing`,
        waitsFor: [`Group#${member}`, `Person#${member}`],
      })),
  );
  if (takesEverything(place)) return ofNobody;
  return [...everythingFindings(reference, world, isForMail), ...ofNobody];
}

/** Where `*` would stand for nothing that anybody could mean: the group is named for something else. */
function everythingFindings(
  { field, name }: Pick<Reference, 'field' | 'name'>,
  world: World,
  opens?: typeof isForMail,
): Finding[] {
  const folded = foldName(name);
  const group = groupOfEverything(folded, world, opens);
  if (group === undefined) return [];
  const problem = `${field}: group "${shortenName(group.name)}" has the member "*", which stands for everything; only relay deny lists take such a group, so take "*" out of it, or name another group`;
  const within = [...groupsWithin([folded], world).keys()];
  return [{ problem, waitsFor: within.map((one) => `Group#${one}`) }];
}

function ownFindings(form: FormName, document: object, world: World): Finding[] {
  if (form === 'Server') return serverFindings(document as Server, world);
  if (form === 'Configuration') return configurationFindings(document as Configuration, world);
  if (form === 'ForeignSmtpDomain') return foreignFindings(document as ForeignSmtpDomain, world);
  return [];
}

function serverFindings(server: Server, world: World): Finding[] {
  if (configurationFor(server, world) !== undefined) return [];
  const warning = `no Configuration applies to this server, so its listener answers 421; write one named "${server.name}" or "*"`;
  return [{ warning, waitsFor: [] }];
}

/** A Configuration is for a server, a group of servers, or all; of two groups the one in force stays, the other is wrong. */
function configurationFindings(configuration: Configuration, world: World): Finding[] {
  return [...whoseFindings(configuration, world), ...openListFindings(configuration, world)];
}

function openListFindings(configuration: Configuration, world: World): Finding[] {
  const warning = warningOfOpenLists(configuration, () =>
    references('Configuration', configuration)
      .filter(({ place }) => takesEverything(place))
      .some(({ name }) => groupOfEverything(foldName(name), world, isForMail) !== undefined),
  );
  return warning === undefined ? [] : [{ warning, waitsFor: [] }];
}

function whoseFindings({ name }: Configuration, world: World): Finding[] {
  const own = foldName(name);
  if (own === '*' || exists('Server', own, world)) return [];
  if (!exists('Group', own, world)) {
    const problem = `name: no server or group is named "${shortenName(name)}"; a Configuration is named after a server, a group of servers, or *`;
    return [{ problem, waitsFor: [`Server#${own}`, `Group#${own}`] }];
  }
  const servers = inOrder(world.documents.Server)
    .filter((server) => !world.documents.Configuration.has(foldName(server.name)))
    .filter((server) => world.inForce?.get(foldName(server.name)) !== own)
    .filter((server) => groupHolds(own, foldName(server.name), world))
    .flatMap((server) => rivals(own, server, world));
  return [...everythingFindings({ field: 'name', name }, world), ...servers];
}

function rivals(own: string, server: Server, world: World): Finding[] {
  return [...world.documents.Configuration]
    .filter(([other]) => other !== own && exists('Group', other, world))
    .filter(([other]) => groupHolds(other, foldName(server.name), world))
    .map(([other, { name }]) => ({
      problem: `name: server "${server.name}" is in this group and in "${name}", which has a Configuration too; take it out of one, or write one named "${server.name}"`,
      waitsFor: [
        `Configuration#${other}`,
        `Group#${other}`,
        `Group#${own}`,
        `Server#${foldName(server.name)}`,
      ],
    }));
}

function foreignFindings({ domain }: ForeignSmtpDomain, world: World): Finding[] {
  if (domain === undefined) return [];
  const connections = inOrder(world.documents.SmtpConnection);
  if (connections.some(({ destinationDomain }) => foldName(destinationDomain) === foldName(domain)))
    return [];
  const problem = `domain: no SmtpConnection has destinationDomain "${shortenName(domain)}"; publish one, or write host instead`;
  return [{ problem, waitsFor: [`SmtpConnection for ${foldName(domain)}`] }];
}

/** What stands against deleting a document: the problems that others would get, or a server that would stop. */
export interface Need {
  readonly reason: string;
  /** Ids of the documents that need it. */
  readonly waitsFor: readonly string[];
}

/** Why `gone` must stay in force although its item is deleted; undefined: nobody needs it. */
export function needFor(
  gone: { readonly form: FormName; readonly name: string },
  world: World,
  without: World,
  ownServer: string,
): Need | undefined {
  if (runs(ownServer, world) && !runs(ownServer, without))
    return {
      reason: `deleted, still in force: server "${ownServer}" would have no ${gone.form}; publish another one first`,
      waitsFor: [`Server#${foldName(ownServer)}`],
    };
  for (const form of Object.keys(without.documents) as (keyof World['documents'])[]) {
    for (const [name, document] of without.documents[form]) {
      const before = hurts(gone.form, crossCheck(form, document as never, world));
      const after = hurts(gone.form, crossCheck(form, document as never, without)).find(
        (one) => !before.includes(one),
      );
      if (after !== undefined)
        return {
          reason: `deleted, still in force: ${form} "${document.name}" needs it (${after})`,
          waitsFor: [idOf({ form, name })],
        };
    }
  }
  return undefined;
}

/** Without a nested group a list would quietly lose members: that counts as much as a problem. */
function hurts(gone: FormName, { problems, warnings }: CrossCheck): readonly string[] {
  return gone === 'Group' ? [...problems, ...warnings] : problems;
}

function runs(server: string, world: World): boolean {
  const document = world.documents.Server.get(foldName(server));
  return document !== undefined && configurationFor(document, world) !== undefined;
}
