import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differenceLines, differences } from '../../cli/diff.ts';
import { judge } from '../../cli/judge.ts';
import { firstDocuments } from '../../cli/init.ts';

function problemsOf(...values: unknown[]): (readonly string[])[] {
  return judge(values.map((value, index) => ({ place: `document ${index + 1}`, value }))).map(
    ({ problems }) => problems,
  );
}

const person = (name: string, internetAddress?: string) => ({
  form: 'Person',
  name,
  ...(internetAddress === undefined ? {} : { internetAddress }),
});

test('documents alone', () => {
  const cases: [unknown, RegExp | undefined, string][] = [
    [person('Jane/Acme'), undefined, 'valid'],
    [
      { ...person('Jane/Acme'), problems: ['x'], publishedAt: 'x' },
      undefined,
      "the gateway's own attributes",
    ],
    ['text', /^document 1: is no document/, 'no map'],
    [{ name: 'Jane' }, /^form: is missing; write Server, /, 'no form'],
    [{ form: 'Persn', name: 'Jane' }, /did you mean Person\?$/, 'an unknown form'],
    [{ form: 'Person' }, /^name: is missing/, 'no name'],
    [{ form: 3, name: 'Jane' }, /^form: "3" is not a form/, 'a form that is no text'],
    [
      { form: 'Group', name: 'Big', members: ['x'.repeat(500_000)] },
      /at most 409600 can be kept/,
      'too large',
    ],
    [{ ...person('Jane'), quotaMB: 1e30 }, /cannot be kept|quotaMB/, 'a number that DynamoDB does not take'],
    [
      { ...person('Jane'), shortNames: Array.from({ length: 600 }, (_, n) => `s${n}`) },
      /at most 500/,
      'too many names',
    ],
  ];
  for (const [value, problem, reason] of cases) {
    const [problems = []] = problemsOf(value);
    if (problem === undefined) assert.deepEqual(problems, [], reason);
    else assert.match(problems.join('\n'), problem, reason);
  }
});

test('documents together: the first stays, the others hear of it', () => {
  const globalDomain = (name: string) => ({
    form: 'GlobalDomain',
    name,
    primaryDomain: 'acme.example',
    default: true,
  });
  const cases: [unknown, unknown, RegExp | undefined][] = [
    [person('Jane/Acme'), person('CN=jane/O=ACME'), /name: "CN=jane\/O=ACME" is written twice/],
    [person('A', 'x@acme.example'), person('B', 'X@Acme.Example'), /is the address of Person "A" already/],
    [
      person('A', 'x@acme.example'),
      { form: 'Group', name: 'A', internetAddress: 'x@acme.example' },
      /Person "A"/,
    ],
    [globalDomain('A'), globalDomain('B'), /GlobalDomain "A" is the default/],
    [person('A', 'x@acme.example'), person('B', 'y@acme.example'), undefined],
  ];
  for (const [one, other, problem] of cases) {
    const [first, second] = problemsOf(one, other);
    assert.deepEqual(first, []);
    if (problem === undefined) assert.deepEqual(second, []);
    else assert.match(second!.join('\n'), problem);
  }
});

test('what changes', () => {
  const before = {
    name: 'a',
    routing: { relayHost: 'x', addressLookup: 'fullname' },
    members: ['a', 'b'],
    gone: 1,
  };
  const after = {
    name: 'a',
    routing: { relayHost: 'y', addressLookup: 'fullname' },
    members: ['b', 'c'],
    new: true,
  };
  const lines = [
    '  - gone: 1',
    '  - members: "a"',
    '  + members: "c"',
    '  + new: true',
    '  - routing.relayHost: "x"',
    '  + routing.relayHost: "y"',
  ];
  assert.deepEqual(differenceLines(differences(before, after)), lines);
  assert.deepEqual(differences(after, { ...after }), []);
  const password = differenceLines(differences({ password: 'scrypt$1' }, { password: 'scrypt$2' }));
  assert.deepEqual(password, ['    password: changed'], 'no hash on a screen');
  const order = differenceLines(differences({ list: ['a', 'b'] }, { list: ['b', 'a'] }));
  assert.deepEqual(order, ['    list: the same entries in another order']);
});

test('a first set is valid, for an Internet domain and for a Domino domain', () => {
  for (const domain of ['acme.example', 'ACME']) {
    const documents = firstDocuments({ server: 'Mail1/Acme', hostName: 'mail1.acme.example', domain });
    assert.deepEqual(problemsOf(...documents), [[], [], []]);
    const [server, , globalDomain] = documents;
    assert.equal(server?.['domain'], 'ACME');
    assert.equal(globalDomain?.['primaryDomain'], 'acme.example');
  }
});
