/**
 * Whatever somebody writes into the table is judged: nothing holds up the stream, or the full pass, which finds nothing
 * to do. `RUNS=100 node --test …` tries more.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { fullPass } from '../../../functions/publish-directory/full-pass.ts';
import { publish } from '../../../functions/publish-directory/publish.ts';
import { fieldRows } from '../../../mail/document/field-list.ts';
import { formNames } from '../../../mail/document/forms.ts';
import { configuration, globalDomain, server, startHarness, type Document, type Harness } from './harness.ts';

let harness: Harness;
before(async () => {
  harness = await startHarness();
  await harness.write(server, configuration, globalDomain);
});
after(() => harness.stop());

/** Few, so that they meet: spellings of one name, names that are none, names as long as a key may be. */
const names = [
  '*',
  'A/Acme',
  'CN=a/O=ACME',
  ' a /acme',
  'CN=',
  ' ',
  '/',
  '.',
  '_',
  '#',
  'a#b',
  'Ünï/Acme',
  'mail1/acme',
  '__proto__',
  'constructor',
  '\u0000',
  '-',
  'ß'.repeat(512),
  '%',
  '@',
  'a@acme.example',
  '[1.2.3.4]',
  'x'.repeat(1_024),
];
const name = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...names) },
  fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }),
);
const form = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...formNames) },
  fc.constantFrom('person', 'Persn', ' ', '#', 'Group#a', 'x'.repeat(2_048)),
);
const text = fc.oneof(
  name,
  fc.constantFrom('', 'a@acme.example', 'A@ACME.example', 'mail9.acme.example', 'ACME', 'ses'),
);
const list = fc.oneof(
  fc.array(text, { maxLength: 4 }),
  fc
    .uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 3 })
    .map((entries) => new Set(entries)),
);
const value = fc.oneof(
  { weight: 3, arbitrary: text },
  { weight: 3, arbitrary: list },
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    1.5,
    -1,
    1e15,
    new Uint8Array([1, 2]),
    new Set([1]),
    {},
    [[]],
    [{}],
    { a: [] },
  ),
);
const field = form.chain((of) => {
  const paths = formNames
    .filter((one) => one === of)
    .flatMap((one) => fieldRows(one).map(({ path }) => path));
  return fc.tuple(
    fc.constant(of),
    fc.array(fc.tuple(fc.constantFrom('extra', 'a.b', '', '__proto__', ...paths), value), { maxLength: 4 }),
  );
});

/** What each form needs, so that many are valid. */
const needed: Readonly<Record<string, object>> = {
  Server: { hostName: 'mail9.acme.example', domain: 'ACME' },
  GlobalDomain: { primaryDomain: 'acme.example' },
  ForeignSmtpDomain: { internetDomain: '*.*', host: 'relay.example' },
  SmtpConnection: { sourceServer: 'Mail1/Acme', destinationDomain: 'ACME', relayHost: 'relay.example' },
};

function itemOf([of, fields]: [string, [string, unknown][]], called: string): Document {
  const item: Record<string, unknown> = { ...needed[of] };
  for (const [path, inner] of fields) {
    const parts = path.replaceAll('[]', '').split('.').filter(Boolean);
    if (parts.length > 0) set(item, parts, inner);
  }
  return { ...item, form: of, name: called };
}

function set(into: Record<string, unknown>, [first = '', ...rest]: readonly string[], inner: unknown): void {
  if (rest.length === 0)
    Object.defineProperty(into, first, {
      value: inner,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  else set((into[first] = fieldsOf(into[first])), rest, inner);
}

/** A value that is already there and holds no fields gives way to one that does. */
function fieldsOf(there: unknown): Record<string, unknown> {
  return Object.getPrototypeOf(there ?? '') === Object.prototype ? (there as Record<string, unknown>) : {};
}

const batch = fc.array(fc.tuple(field, name), { minLength: 10, maxLength: 25 });

test('every batch of any items is judged whole, and so is the table by the full pass', async () => {
  await fc.assert(
    fc.asyncProperty(batch, async (drawn) => {
      const documents = drawn.map(([fields, called]) => itemOf(fields, called));
      await harness.put(...documents);
      assert.deepEqual(await publish(harness.publisher, documents), new Map());
      for (const { form: of, name: called } of documents) {
        const { publishedAt, problems } = (await harness.item(of, called))!.marks;
        assert.notEqual(
          publishedAt === undefined,
          problems === undefined,
          `${of} ${called} has one of the two`,
        );
      }
      const before = await harness.state();
      await fullPass(harness.publisher);
      assert.deepEqual(await harness.state(), before);
      for (const { form: of, name: called } of documents.slice(0, 5)) await harness.remove(of, called);
      assert.deepEqual(await publish(harness.publisher, documents), new Map());
    }),
    { numRuns: Number(process.env['RUNS'] ?? 5), endOnFailure: true },
  );
});
