import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  addressFormats,
  assignAddresses,
  readFormat,
  type AddressFormat,
  type Nameless,
} from '../../../mail/directory/internet-address-tool.ts';

const domain = 'acme.example';

function person(firstName: string, lastName: string, more: Partial<Nameless> = {}): Nameless {
  return { name: `${firstName} ${lastName}/Acme`, firstName, lastName, shortNames: [], ...more };
}

function assign(
  people: readonly Nameless[],
  format: AddressFormat,
  separator = '',
  taken: string[] = [],
): string[] {
  return assignAddresses(people, { format, separator, domain }, taken).map((one) =>
    'address' in one ? one.address : one.problem,
  );
}

test('formats', () => {
  const jane = person('Jane', 'Doe', { shortNames: ['jdoe'] });
  const cases: [AddressFormat, string, string][] = [
    ['first-last', '', 'JaneDoe'],
    ['first-last', '.', 'Jane.Doe'],
    ['last-first', '_', 'Doe_Jane'],
    ['first-initial-last', '', 'JDoe'],
    ['first-last-initial', '-', 'Jane-D'],
    ['last-first-initial', '', 'DoeJ'],
    ['short-name', '.', 'jdoe'],
  ];
  for (const [format, separator, local] of cases)
    assert.deepEqual(assign([jane], format, separator), [`${local}@${domain}`], format);
});

test('each address is new, however the domain is spelled', () => {
  const people = [person('Jane', 'Doe'), person('Jane', 'Doe'), person('Jane', 'Doe')];
  const scheme = { format: 'first-last', separator: '', domain: 'Bücher.example' } as const;
  assert.deepEqual(
    assignAddresses(people, scheme, ['janedoe@xn--bcher-kva.example']).map((one) =>
      'address' in one ? one.address : one.problem,
    ),
    ['JaneDoe2@Bücher.example', 'JaneDoe3@Bücher.example', 'JaneDoe4@Bücher.example'],
  );
});

test('spellings of formats', () => {
  const cases: [string, unknown][] = [
    ['first-last', { format: 'first-last' }],
    ['FirstName LastName', { format: 'first-last' }],
    ['FirstNameLastName', { format: 'first-last' }],
    ['first.last', { format: 'first-last', separator: '.' }],
    ['lastname_firstname', { format: 'last-first', separator: '_' }],
    ['FirstInitial LastName', { format: 'first-initial-last' }],
    ['flast', { format: 'first-initial-last' }],
    ['ShortName', { format: 'short-name' }],
    ['middle', undefined],
  ];
  for (const [text, format] of cases) assert.deepEqual(readFormat(text), format, text);
});

test('names that are not plain', () => {
  const cases: [Nameless, string, string][] = [
    [person('José', 'Núñez'), 'Jose.Nunez', 'accents go'],
    [person('Jürgen', 'Groß'), 'Jurgen.Gross', 'letters with a usual spelling'],
    [person('Mary Ann', 'van Dyke'), 'Mary.Ann.van.Dyke', 'several words'],
    [person('Pat', "O'Brien"), 'Pat.OBrien', 'an apostrophe'],
    [person('Jean-Luc', 'Picard'), 'Jean-Luc.Picard', 'a hyphen'],
    [{ name: 'Bob Example/Acme', shortNames: [] }, 'Bob.Example', 'names from the common name'],
  ];
  for (const [nameless, local, reason] of cases)
    assert.deepEqual(assign([nameless], 'first-last', '.'), [`${local}@${domain}`], reason);
});

test('who cannot get one is told', () => {
  const cher = { name: 'Cher/Acme', shortNames: [] };
  for (const nameless of [person('王', '小明'), cher, { ...cher, lastName: 'Cher' }])
    assert.match(assign([nameless], 'first-last')[0] ?? '', /no address of this format can be made/);
});

test('what is taken: the middle initial, then numbers', () => {
  const jane = person('Jane', 'Doe');
  const people = [jane, { ...jane, middleInitial: 'Q.' }, jane, jane];
  assert.deepEqual(
    assign(people, 'first-last', '.', ['JANE.DOE3@Acme.Example']).map((text) =>
      text.replace(`@${domain}`, ''),
    ),
    ['Jane.Doe', 'Jane.Q.Doe', 'Jane.Doe2', 'Jane.Doe4'],
  );
});

test('no two get the same, nor one that is taken', () => {
  const name = fc.constantFrom('Jane', 'jane', 'Ján', 'Doe', 'Do', 'J', 'Ja ne');
  const people = fc.array(fc.tuple(name, name).map(([first, last]) => person(first, last)));
  fc.assert(
    fc.property(
      people,
      fc.constantFrom(...addressFormats),
      fc.constantFrom('', '.', '_'),
      (list, format, separator) => {
        const taken = ['jane.doe@acme.example', 'JDoe@acme.example'];
        const found = assign(list, format, separator, taken).filter((text) => text.includes('@'));
        const all = [...found, ...taken].map((text) => text.toLowerCase());
        assert.equal(new Set(all).size, all.length);
      },
    ),
  );
});
