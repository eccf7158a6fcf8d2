import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseLdif } from '../../../mail/directory/ldif.ts';

const entry = (...lines: string[]): string => ['dn: CN=Jane Doe,O=Acme', ...lines].join('\n');
const base64 = (text: string): string => Buffer.from(text).toString('base64');

test('values as RFC 2849 lets them be written', () => {
  const cases: [string, string, string[]][] = [
    ['sn: Doe', 'sn', ['Doe']],
    ['sn:Doe', 'sn', ['Doe']],
    ['SN:   Doe', 'sn', ['Doe']],
    [`sn:: ${base64('Müller')}`, 'sn', ['Müller']],
    ['sn: Müller', 'sn', ['Müller']],
    ['cn;lang-en: Jane', 'cn', ['Jane']],
    ['cn: Jane\ncn: J. Doe', 'cn', ['Jane', 'J. Doe']],
    ['description: one lo\n ng word', 'description', ['one long word']],
    ['description: two\n  words', 'description', ['two words']],
    [`sn:: ${base64('Łukasz')}`.replace(/(.{8})/, '$1\n '), 'sn', ['Łukasz']],
    ['sn:', 'sn', ['']],
    ['# about sn\n and its folded end\nsn: Doe', 'sn', ['Doe']],
    ['sn: a:b', 'sn', ['a:b']],
  ];
  for (const [lines, name, values] of cases)
    assert.deepEqual(parseLdif(entry(lines)).entries[0]?.attributes.get(name), values, lines);
});

test('entries are parted by empty lines, in CRLF and LF', () => {
  const text = ['version: 1', 'dn: CN=A', 'cn: A', '', '', 'dn: CN=B', 'changetype: add', 'cn: B', ''];
  for (const end of ['\n', '\r\n']) {
    const { entries, problems } = parseLdif(`\ufeff${text.join(end)}`);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      entries.map(({ dn, attributes }) => [dn, attributes.get('cn')]),
      [
        ['CN=A', ['A']],
        ['CN=B', ['B']],
      ],
    );
  }
});

test('what is no text is named, and left out', () => {
  const [found] = parseLdif(entry('jpegphoto:: /9j/4A==', 'photo:< file:///photo.jpg')).entries;
  assert.deepEqual(found?.binary, ['jpegphoto', 'photo']);
  assert.equal(found?.attributes.size, 0);
});

test('an entry that cannot be read does not take the others along', () => {
  const cases: [string, RegExp][] = [
    ['dn: CN=B\njunk', /line 2: "junk" is no attribute/],
    ['dn: CN=B\ncn:: ###', /line 2: the value of cn is not base64/],
    ['cn: B', /line 1: the entry has no dn/],
    ['dn: CN=B\nchangetype: delete', /line 1: changetype delete is no entry/],
  ];
  for (const [bad, problem] of cases) {
    const { entries, problems } = parseLdif(`${bad}\n\ndn: CN=Good\ncn: Good`);
    assert.deepEqual(
      entries.map(({ dn }) => dn),
      ['CN=Good'],
      bad,
    );
    assert.match(problems[0]?.problem ?? '', problem);
  }
});

test('whatever is written as LDIF is read back', () => {
  const name = fc
    .stringMatching(/^[a-z][a-z0-9-]{0,10}$/)
    .filter((text) => !['dn', 'version', 'changetype'].includes(text));
  const attributes = fc.dictionary(
    name,
    fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1 }),
    {
      minKeys: 1,
    },
  );
  fc.assert(
    fc.property(attributes, fc.integer({ min: 20, max: 80 }), (written, width) => {
      const lines = Object.entries(written).flatMap(([key, values]) =>
        values.map((value) => fold(`${key}:: ${base64(value)}`, width)),
      );
      const [read] = parseLdif(entry(...lines)).entries;
      assert.deepEqual(Object.fromEntries(read!.attributes), { ...written });
    }),
  );
});

function fold(line: string, width: number): string {
  return line.match(new RegExp(`.{1,${width}}`, 'g'))!.join('\n ');
}

test('no text makes it throw', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseLdif(text)));
});
