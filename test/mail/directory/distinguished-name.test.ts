import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hierarchicalName, partsOf } from '../../../mail/directory/distinguished-name.ts';

test('distinguished names as hierarchical names', () => {
  const cases: [string, string | undefined, string][] = [
    ['CN=Jane Doe,OU=Sales,O=Acme', 'Jane Doe/Sales/Acme', 'usual'],
    ['cn=Jane Doe, ou=Sales, o=Acme', 'Jane Doe/Sales/Acme', 'blanks after commas'],
    ['CN=Sales', 'Sales', 'a flat name'],
    ['CN=Jane Doe,O=Acme,C=US', 'Jane Doe/Acme/US', 'with a country'],
    ['CN=Doe\\, Jane,O=Acme', 'Doe, Jane/Acme', 'an escaped comma'],
    ['CN="Doe, Jane",O=Acme', 'Doe, Jane/Acme', 'a quoted comma'],
    ['CN=Ren\\C3\\A9e,O=Acme', 'Renée/Acme', 'octets of UTF-8'],
    ['CN=Jane\\+Co,O=Acme', 'Jane+Co/Acme', 'an escaped plus'],
    ['CN=Jane Doe+UID=jdoe,O=Acme', 'Jane Doe/Acme', 'several types in one part: the first counts'],
    ['2.5.4.3=Jane,O=Acme', 'Jane/Acme', 'a type by number'],
    ['CN=trailing\\ ,O=Acme', 'trailing /Acme', 'an escaped blank at the end'],
    ['Jane Doe/Acme', undefined, 'no type at all'],
    ['CN=Jane,Acme', undefined, 'a part without type'],
    ['CN=,O=Acme', undefined, 'an empty part'],
    ['', undefined, 'nothing'],
  ];
  for (const [dn, name, reason] of cases) assert.equal(hierarchicalName(dn), name, reason);
});

test('whatever is escaped comes back', () => {
  const part = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => text.trim() === text);
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
      const dn = parts
        .map((text) => `CN=${text.replaceAll(/[,;+"\\#=<>]/g, (letter) => `\\${letter}`)}`)
        .join(',');
      assert.deepEqual(partsOf(dn), parts);
    }),
  );
});
