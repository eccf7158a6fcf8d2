import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compileSettings } from '../../../mail/directory/compile-settings.ts';
import { crossCheck, needFor } from '../../../mail/directory/cross-check.ts';
import { settingsForms } from '../../../mail/directory/kept.ts';
import { configurationFor, withDocument, type World } from '../../../mail/directory/world.ts';
import { validate } from '../../../mail/document/validate.ts';
import { isForm, type FormName } from '../../../mail/document/forms.ts';
import { foldName } from '../../../mail/document/names.ts';

type Fields = { form: FormName; name: string } & Record<string, unknown>;

const empty: World = {
  documents: Object.fromEntries(
    settingsForms.map((form) => [form, new Map()]),
  ) as unknown as World['documents'],
  groups: new Map(),
  people: new Map(),
  databases: new Set(),
};

function worldOf(...documents: Fields[]): World {
  return documents.reduce((world, fields) => withDocument(world, keyOf(fields), documentOf(fields)), empty);
}
const keyOf = ({ form, name }: Fields) => ({ form, name: foldName(name) });

function documentOf(fields: Fields) {
  const { document, problems } = validate(fields.form, fields);
  assert.ok(document !== undefined && isForm(fields.form), problems.join());
  return document;
}

const mail1: Fields = {
  form: 'Server',
  name: 'Mail1/Acme',
  hostName: 'mail1.acme.example',
  domain: 'ACME',
  postmaster: 'Jane/Acme',
};
const jane: Fields = { form: 'Person', name: 'Jane/Acme', internetAddress: 'jane@acme.example' };
const all: Fields = { form: 'Configuration', name: '*' };
const group = (name: string, ...members: string[]): Fields => ({ form: 'Group', name, members });

interface Row {
  readonly why: string;
  readonly document: Fields;
  readonly others?: Fields[];
  readonly problems?: string[];
  readonly warnings?: string[];
}
const ofEverything = (field: string, name: string): string =>
  `${field}: group "${name}" has the member "*", which stands for everything; only relay deny lists take such a group, so take "*" out of it, or name another group`;
const openLists =
  'inboundRelay: an open relay: nothing is allowed by name and "*" is denied nowhere; write "*" in denyHosts and denyDestinations';

const rows: Row[] = [
  {
    why: 'a postmaster whom no document names',
    document: mail1,
    others: [all],
    problems: [
      'postmaster: no person or group or mail-in database is named "Jane/Acme"; publish that document, or correct the name',
    ],
  },
  { why: 'a postmaster who is there', document: mail1, others: [all, jane] },
  {
    why: 'a server without Configuration',
    document: mail1,
    others: [jane],
    warnings: [
      'no Configuration applies to this server, so its listener answers 421; write one named "Mail1/Acme" or "*"',
    ],
  },
  { why: 'a Configuration of a server', document: { ...all, name: 'CN=Mail1/O=ACME' }, others: [mail1] },
  {
    why: 'a Configuration of nobody',
    document: { ...all, name: 'Mail2/Acme' },
    others: [mail1],
    problems: [
      'name: no server or group is named "Mail2/Acme"; a Configuration is named after a server, a group of servers, or *',
    ],
  },
  {
    why: 'a person in a list of addresses',
    document: { ...all, inboundSenders: { deny: ['Jane/Acme'] } },
    others: [jane],
  },
  {
    why: 'a person in a list without an address',
    document: { ...all, inboundSenders: { deny: ['Jane/Acme'] } },
    others: [{ form: 'Person', name: 'Jane/Acme' }],
    warnings: [
      'inboundSenders.deny[0]: person "Jane/Acme" has no internetAddress, so the entry matches nothing',
    ],
  },
  {
    why: 'a person in a list of hosts',
    document: { ...all, inboundRelay: { allowHosts: ['Jane/Acme'] } },
    others: [jane],
    problems: [
      'inboundRelay.allowHosts[0]: no group is named "Jane/Acme"; publish that document, or correct the name',
    ],
  },
  {
    why: 'a group of the wrong type',
    document: { ...all, inboundRelay: { allowHosts: ['Admins'] } },
    others: [{ ...group('Admins'), groupType: 'acl-only' }],
    problems: [
      'inboundRelay.allowHosts[0]: group "Admins" is of type acl-only; lists take groups of type multi-purpose or mail-only',
    ],
  },
  {
    why: 'a nested name that nobody has',
    document: { ...all, inboundSenders: { deny: ['A'] } },
    others: [group('A', 'B', 'A'), group('B', 'Nobody', 'x.example')],
    warnings: [
      'inboundSenders.deny[0]: group "B" names "nobody", which no group or person is named, so that member matches nothing',
    ],
  },
  {
    why: 'a database that rules need',
    document: {
      ...all,
      rules: [
        {
          name: 'q',
          if: [{ item: 'subject', is: 'contains', value: 'x' }],
          then: { action: 'move', database: 'Quarantine' },
        },
      ],
    },
    problems: [
      'rules[0].then.database: no mail-in database is named "Quarantine"; publish that document, or correct the name',
    ],
  },
  {
    why: 'a group of everything in the relay deny lists',
    document: { ...all, inboundRelay: { denyHosts: ['A'], denyDestinations: ['B'] } },
    others: [group('A', 'B'), group('B', ' * ')],
  },
  {
    why: 'a group of everything in a list that does not take it',
    document: { ...all, inboundRelay: { allowHosts: ['[10.0.0.1]', 'A'] } },
    others: [group('A', 'B'), group('B', '[10.0.0.2]', '*')],
    problems: [ofEverything('inboundRelay.allowHosts[1]', 'B')],
  },
  {
    why: 'a group of everything in a list of people',
    document: { ...all, inboundSenders: { deny: ['A'] } },
    others: [group('A', '*')],
    problems: [ofEverything('inboundSenders.deny[0]', 'A')],
  },
  {
    why: 'a group of everything that lists do not open',
    document: { ...all, inboundSenders: { deny: ['A'] } },
    others: [group('A', 'B'), { ...group('B', '*'), groupType: 'acl-only' }],
  },
  {
    why: 'everything as the postmaster',
    document: { ...mail1, postmaster: 'A' },
    others: [all, group('A', '*')],
    problems: [ofEverything('postmaster', 'A')],
  },
  {
    why: 'everything as a group of servers',
    document: { ...all, name: 'Servers' },
    others: [mail1, { ...group('Servers', 'Mail1/Acme', '*'), groupType: 'servers-only' }],
    problems: [ofEverything('name', 'Servers')],
  },
  {
    why: 'relay lists without entries',
    document: { ...all, inboundRelay: { denyHosts: [], denyDestinations: [] } },
    warnings: [openLists],
  },
  {
    why: 'relay lists that deny some, by a group',
    document: { ...all, inboundRelay: { denyHosts: ['[1.2.3.4]', 'A'], denyDestinations: [] } },
    others: [group('A', '[1.2.3.5]')],
    warnings: [openLists],
  },
  {
    why: 'relay lists that deny all, by a group',
    document: { ...all, inboundRelay: { denyHosts: ['[1.2.3.4]', 'A'], denyDestinations: [] } },
    others: [group('A', 'B'), group('B', '*')],
  },
  {
    why: 'relay lists of closed destinations',
    document: { ...all, inboundRelay: { denyHosts: [] } },
  },
  {
    why: 'relay lists that allow only some',
    document: {
      ...all,
      inboundRelay: { allowHosts: ['[10.0.0.0/8]'], denyHosts: [], denyDestinations: [] },
    },
  },
  {
    why: 'relay lists that concern nobody: another warning says so',
    document: {
      ...all,
      inboundRelay: { denyHosts: [], denyDestinations: [] },
      relayEnforcement: { hosts: 'none' },
    },
  },
];

describe('checking a document against the others', () => {
  for (const { why, document, others = [], problems = [], warnings = [] } of rows)
    test(why, () => {
      const checked = crossCheck(document.form, documentOf(document), worldOf(...others, document));
      assert.deepEqual([checked.problems, checked.warnings], [problems, warnings]);
      if (problems.length > 0) assert.ok(checked.waitsFor.length > 0, 'what is wrong waits for something');
    });
});

describe('the Configuration that applies', () => {
  const own = { ...all, name: 'Mail1/Acme' };
  const ofGroup = { ...all, name: 'Servers' };
  const servers = group('Servers', 'Eastern');
  const eastern = group('Eastern', 'CN=Mail1/O=Acme', 'Servers');
  const table = [
    ['its own', [own, ofGroup, all, servers, eastern], 'Mail1/Acme'],
    ['that of a group, nested and in a circle', [all, ofGroup, servers, eastern], 'Servers'],
    ['that of all', [all, ofGroup, group('Servers', 'Mail2/Acme')], '*'],
    ['none', [ofGroup], undefined],
  ] as const;
  for (const [why, documents, expected] of table)
    test(why, () => {
      const world = worldOf(mail1, ...documents);
      assert.equal(configurationFor(world.documents.Server.get('mail1/acme')!, world)?.name, expected);
    });
});

test('of two groups the Configuration in force stays, and only the other has the problem', () => {
  const [east, west] = ['East', 'West'].map((name): Fields => ({ ...all, name }));
  const world = worldOf(mail1, east!, west!, group('East', 'Mail1/Acme'), group('West', 'Mail1/Acme'));
  const table = [
    [undefined, 'East', [1, 1], 'nobody knows: the first by name, and both say so'],
    ['east', 'East', [0, 1], 'the first by name'],
    ['west', 'West', [1, 0], 'the other'],
    ['gone', 'East', [1, 1], 'one that is no more'],
  ] as const;
  for (const [name, applies, problems, why] of table) {
    const known = { ...world, inForce: new Map(name === undefined ? [] : [['mail1/acme', name]]) };
    assert.equal(configurationFor(world.documents.Server.get('mail1/acme')!, known)?.name, applies, why);
    const found = [east!, west!].map((one) => crossCheck('Configuration', documentOf(one) as never, known));
    assert.deepEqual(
      found.map((one) => one.problems.length),
      problems,
      why,
    );
  }
});

const compile = (world: World) => compileSettings(world.documents.Server.get('mail1/acme')!, world);

describe('compiled settings', () => {
  const listed = { ...all, inboundSenders: { deny: ['A', 'Jane/Acme'] } };
  const documents: Fields[] = [
    mail1,
    listed,
    jane,
    group('A', 'B', 'Joe/Acme'),
    group('B', 'A'),
    group('C'),
    { ...jane, name: 'Joe/Acme', internetAddress: 'joe@acme.example' },
    { form: 'Person', name: 'Ann/Acme', internetAddress: 'ann@acme.example' },
  ];
  test('hold the groups that lists name, what they nest, and the people in both', () => {
    const settings = compile(worldOf(...documents));
    assert.deepEqual(Object.keys(settings?.groups ?? {}), ['a', 'b']);
    assert.deepEqual(settings?.people, { 'jane/acme': 'jane@acme.example', 'joe/acme': 'joe@acme.example' });
  });

  test('are equal for equal documents in any order, and new for every change', () => {
    const one = compile(worldOf(...documents));
    assert.deepEqual(compile(worldOf(...documents.toReversed())), one);
    assert.notEqual(compile(worldOf(...documents, { ...mail1, greeting: 'Hello' }))?.version, one?.version);
    assert.equal(compile(worldOf(...documents, { ...jane, name: 'Other/Acme' }))?.version, one?.version);
  });
});

describe('a deletion', () => {
  const world = worldOf(
    mail1,
    jane,
    { ...all, inboundSenders: { deny: ['A'] } },
    group('A', 'B', 'Joe/Acme'),
    group('B'),
    { form: 'Person', name: 'Joe/Acme' },
  );
  const table = [
    [
      'Configuration',
      '*',
      /server "Mail1\/Acme" would have no Configuration/,
      'the last of the running server',
    ],
    ['Server', 'mail1/acme', /would have no Server/, 'the running server itself'],
    [
      'Group',
      'a',
      /Configuration "\*" needs it \(inboundSenders.deny\[0\]: no group or person/,
      'a group in a list',
    ],
    ['Group', 'b', /Configuration "\*" needs it/, 'a group within it'],
    ['Person', 'jane/acme', /Server "Mail1\/Acme" needs it/, 'the postmaster'],
    ['Person', 'joe/acme', undefined, 'a person whom only a group names may go'],
  ] as const;
  for (const [form, name, reason, why] of table)
    test(`${form} ${name}: ${why}`, () => {
      const need = needFor(
        { form, name },
        world,
        withDocument(world, { form, name }, undefined),
        'Mail1/Acme',
      );
      if (reason === undefined) assert.equal(need, undefined);
      else assert.match(need?.reason ?? '', reason);
    });
});
