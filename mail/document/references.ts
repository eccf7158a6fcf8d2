/**
 * Whom a document names and cannot do without: groups and people in lists, the postmaster, servers of connections,
 * databases of rules. Members of groups are not among them: a member that nobody is named matches nobody, and a
 * group may be written before its members.
 */
import type { Configuration, DocumentOf, FormName, Server, SmtpConnection } from './forms.ts';
import { fieldRows } from './field-list.ts';
import { parseEntry, type Place } from './list-entry.ts';

export type Reference = {
  /** With its index where it is an entry of a list: `inboundRelay.allowHosts[2]`. */
  readonly field: string;
  /** The name as the administrator wrote it. */
  readonly name: string;
  /** A document of any of these forms will do. */
  readonly forms: readonly FormName[];
  /** Of an entry of a list: what the list takes. */
  readonly place?: Place;
};

/** A secret that a document names: its value stands outside the directory. */
export type SecretReference = { readonly field: string; readonly secret: string };

export function references<F extends FormName>(form: F, document: DocumentOf[F]): Reference[] {
  if (form === 'Server') return referencesOfServer(document as Server);
  if (form === 'SmtpConnection') return referencesOfConnection(document as SmtpConnection);
  return form === 'Configuration' ? referencesOfConfiguration(document as Configuration) : [];
}

function referencesOfServer({ postmaster }: Server): Reference[] {
  if (postmaster === undefined) return [];
  return [{ field: 'postmaster', name: postmaster, forms: ['Person', 'Group', 'MailInDatabase'] }];
}

function referencesOfConnection({ sourceServer, destinationServer }: SmtpConnection): Reference[] {
  const source: Reference = { field: 'sourceServer', name: sourceServer, forms: ['Server'] };
  if (destinationServer === undefined) return [source];
  return [source, { field: 'destinationServer', name: destinationServer, forms: ['Server'] }];
}

function referencesOfConfiguration(configuration: Configuration): Reference[] {
  return [
    ...entryLists().flatMap(({ path, place }) => namesInList(path, place, listAt(configuration, path))),
    ...databasesOfRules(configuration),
  ];
}

let lists: readonly { path: string; place: Place }[] | undefined;

function entryLists(): readonly { path: string; place: Place }[] {
  lists ??= fieldRows('Configuration').flatMap(({ path, place }) =>
    place === undefined ? [] : [{ path, place }],
  );
  return lists;
}

function listAt(document: object, path: string): readonly string[] {
  let value: unknown = document;
  for (const part of path.split('.')) value = (value as Record<string, unknown>)[part];
  return value as readonly string[];
}

/** Long lists are of addresses and domains, and are read at every publication: most entries need no parser. */
const surelyNoName = /[@%*[\]]|^[^\s/'"]*\.[^\s/'"]*$/;

/** Hosts have no person among them: a person stands for an Internet address. */
function namesInList(path: string, place: Place, entries: readonly string[]): Reference[] {
  const isHosts = place === 'hosts' || place === 'denied-hosts';
  const isDomains = place === 'destinations' || place === 'denied-destinations';
  const forms: FormName[] = isHosts || isDomains ? ['Group'] : ['Group', 'Person'];
  return entries.flatMap((name, index) => {
    if (surelyNoName.test(name)) return [];
    const entry = parseEntry(name, place);
    return entry.ok && entry.value.kind === 'name'
      ? [{ field: `${path}[${index}]`, name, forms, place }]
      : [];
  });
}

function databasesOfRules({ rules }: Configuration): Reference[] {
  return rules.flatMap(({ then: action }, index) =>
    'database' in action
      ? [
          {
            field: `rules[${index}].then.database`,
            name: action.database,
            forms: ['MailInDatabase' as const],
          },
        ]
      : [],
  );
}

export function secretReferences({ routing, dkimSigning }: Configuration): SecretReference[] {
  return [
    { field: 'routing.relayHostCredentials', secret: routing.relayHostCredentials },
    { field: 'routing.relayHostClientCertificate', secret: routing.relayHostClientCertificate },
    ...dkimSigning.map(({ secret }, index) => ({ field: `dkimSigning[${index}].secret`, secret })),
  ].filter(({ secret }) => secret !== '');
}
