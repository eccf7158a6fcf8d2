import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storedProblems } from '../../../mail/document/problems.ts';
import { validate } from '../../../mail/document/validate.ts';

const maximumItem = 399 * 1024;

function denying(deny: readonly unknown[]) {
  return validate('Configuration', { name: '*', inboundConnections: { deny } });
}

test('a list of 100,000 entries', () => {
  const entries = Array.from(
    { length: 100_000 },
    (_, index) => `[10.${index >> 16}.${(index >> 8) & 255}.${index & 255}]`,
  );
  const { document, problems } = denying(entries);
  assert.deepEqual(problems, []);
  assert.equal(document?.inboundConnections.deny.length, 100_000);
});

test('100,000 mistakes of one kind tell the first twenty and count the rest', () => {
  const { problems } = denying(Array.from({ length: 100_000 }, () => '[1.2.3]'));
  assert.equal(problems.length, 21);
  assert.equal(
    problems[19],
    'inboundConnections.deny[19]: "[1.2.3]" has 3 numbers where an IPv4 address has four; write [1.2.3.*]',
  );
  assert.equal(problems[20], 'inboundConnections.deny: 99980 more entries have such problems');
});

test('100,000 entries of a wrong type', () => {
  const { problems } = denying(Array.from({ length: 100_000 }, (_, index) => index));
  assert.equal(problems.length, 21);
  assert.equal(problems[20], 'inboundConnections.deny: and 99980 more such problems');
});

test('a document full of unknown attributes', () => {
  const attributes = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, index) => [`attribute${index}`, index]),
  );
  const { problems } = validate('Person', { name: 'x', ...attributes });
  assert.equal(problems.length, 21);
  assert.equal(problems[20], 'and 19980 more such problems');
});

const huge = 'a'.repeat(maximumItem);
const shown = `"${'a'.repeat(57)}..."`;
const hugeTexts: [form: 'Person' | 'Group' | 'Configuration', fields: object, problem: string][] = [
  ['Person', { firstName: huge }, `firstName: ${shown} has 408576 characters; write at most 1024`],
  [
    'Person',
    { internetAddress: huge },
    `internetAddress: ${shown} has 408576 characters; write at most 1024`,
  ],
  [
    'Person',
    { mailSystem: huge },
    `mailSystem: ${shown} is not known; write notes, pop-or-imap, other-internet-mail or none`,
  ],
  ['Group', { members: [huge] }, `members[0]: ${shown} has 408576 characters; write at most 1024`],
  ['Group', { [huge]: 1 }, `${'a'.repeat(57)}...: unknown attribute; a Group document has no such field`],
  [
    'Configuration',
    { rules: [{ name: 'x', if: [{ item: 'body', is: 'matches', value: huge }], then: { action: 'drop' } }] },
    `rules[0].if[0].value: ${shown} is too long for a regular expression; write at most 1000 characters`,
  ],
];

test('one text of 399 KB is quoted only by its beginning', () => {
  for (const [form, fields, problem] of hugeTexts)
    assert.deepEqual(validate(form, { name: 'x', ...fields }).problems, [problem]);
});

test('what an item keeps of its problems stays within 2 KB', () => {
  const problems = Array.from(
    { length: 100 },
    (_, index) => `members[${index}]: "ä" is no good; write something better`,
  );
  const stored = storedProblems(problems);
  assert.ok(Buffer.byteLength(stored.join('')) <= 2048);
  assert.equal(stored.at(-1), `and ${100 - (stored.length - 1)} more problems`);
  assert.deepEqual(stored.slice(0, -1), problems.slice(0, stored.length - 1));
  assert.deepEqual(storedProblems(['one', 'two']), ['one', 'two']);
  assert.ok(Buffer.byteLength(storedProblems(['ä'.repeat(5000)]).join('')) <= 2048);
});
