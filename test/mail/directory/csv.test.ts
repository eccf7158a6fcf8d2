import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseCsv } from '../../../mail/directory/csv.ts';
import { peopleOfCsv } from '../../../mail/directory/people-csv.ts';

const cellsOf = (text: string): unknown => parseCsv(text).rows.map(({ cells }) => cells);

test('cells', () => {
  const cases: [string, string, string[][]][] = [
    ['plain', 'a,b\n1,2\n', [['1', '2']]],
    ['CRLF, no end of the last line', 'a,b\r\n1,2', [['1', '2']]],
    ['semicolons', 'a;b\n1,5;2', [['1,5', '2']]],
    ['tabs', 'a\tb\n1\t2', [['1', '2']]],
    ['quotes', 'a,b\n"x, ""y""","two\nlines"', [['x, "y"', 'two\nlines']]],
    ['an empty cell at the end', 'a,b\n1,', [['1', '']]],
    ['empty lines', 'a,b\n\n1,2\n\n', [['1', '2']]],
    ['text behind the closing quote', 'a,b\n"x";y,2', [['x;y', '2']]],
    ['a quote never closed', 'a,b\n"x,1\n2,3', [['x,1\n2,3']]],
  ];
  for (const [reason, text, cells] of cases) assert.deepEqual(cellsOf(text), cells, reason);
  assert.deepEqual(parseCsv('\ufeffName , b\n').header, ['Name', 'b'], 'a byte order mark and blanks');
});

test('whatever is quoted comes back, with the line it stands on', () => {
  const cell = fc.string({ minLength: 1 }).filter((text) => text.trim() !== '' && !text.includes('\r'));
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
      const quoted = rows.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(','));
      const read = parseCsv(`a,b\n${quoted.join('\n')}\n`).rows;
      assert.deepEqual(
        read.map(({ cells }) => cells),
        rows,
      );
      const lines = rows.map((_, n) => 2 + n + rows.slice(0, n).flat().join('').split('\n').length - 1);
      assert.deepEqual(
        read.map(({ line }) => line),
        lines,
      );
    }),
  );
});

test('people', () => {
  const { people, lines } = peopleOfCsv(
    parseCsv(
      'Name,E-Mail,short names,Quota MB,Shoe size,lastnam\nJane Doe/Acme,jane@acme.example,jd;jane,10,38,x',
    ),
  );
  assert.deepEqual(people[0]?.document, {
    form: 'Person',
    name: 'Jane Doe/Acme',
    internetAddress: 'jane@acme.example',
    shortNames: ['jd', 'jane'],
    quotaMB: 10,
  });
  assert.deepEqual(lines, [
    'column "Shoe size" is no field of a person and is left out',
    'column "lastnam" is no field of a person and is left out; did you mean lastName?',
  ]);
});

test('a quotation mark that is never closed takes nobody in, and says so', () => {
  const { people } = peopleOfCsv(
    parseCsv('name,mail\nA/Acme,a@b.example\n"B/Acme,b@b.example\nC/Acme,c@b.example\n'),
  );
  assert.deepEqual(
    people.map(({ name, document }) => [name, document !== undefined]),
    [
      ['A/Acme', true],
      ['line 3', false],
    ],
  );
  assert.match(people[1]?.lines[0] ?? '', /^line 3: a quotation mark is never closed/);
});

test('people who have no name of their own', () => {
  const found = peopleOfCsv(
    parseCsv('firstName,lastName,mail\nJane,Doe,a@acme.example\n,,b@acme.example\nA,B,c,d'),
  );
  assert.equal(found.people[0]?.document?.name, 'Jane Doe');
  assert.deepEqual(found.people[1]?.lines, ['line 3: the person has no name']);
  assert.deepEqual(found.people[2]?.lines, ['line 4: has 4 cells, the header row 3']);
  assert.match(peopleOfCsv(parseCsv('mail\na@b.example')).lines[0] ?? '', /no column "name"/);
  assert.match(peopleOfCsv(parseCsv('name,password\nJane,x')).lines[0] ?? '', /set-password/);
});
