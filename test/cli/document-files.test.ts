import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDocuments } from '../../cli/document-files.ts';

test('one document, a list, lines', () => {
  const cases: [string, string, unknown[]][] = [
    ['one', '{"form":"Group"}', [{ form: 'Group' }]],
    ['one over several lines', '{\n  "form": "Group"\n}\n', [{ form: 'Group' }]],
    ['a list', '[{"name":"A"},{"name":"B"}]', [{ name: 'A' }, { name: 'B' }]],
    ['an empty list', '[]', []],
    ['lines', '{"name":"A"}\n\n{"name":"B"}\r\n', [{ name: 'A' }, { name: 'B' }]],
    ['what is no document is for validation', '3', [3]],
  ];
  for (const [reason, text, values] of cases)
    assert.deepEqual(
      parseDocuments(text, 'a.json').map(({ value }) => value),
      values,
      reason,
    );
});

test('what is no JSON names file and line', () => {
  const cases: [string, RegExp][] = [
    ['', /^a\.json is empty/],
    ['{"form": }', /^a\.json is not JSON: /],
    ['[{"name":"A"},', /^a\.json is not JSON: /],
    ['{"name":"A"}\n{"name":', /^a\.json, line 2, is not JSON: /],
  ];
  for (const [text, message] of cases)
    assert.throws(() => parseDocuments(text, 'a.json'), { name: 'Failure', message });
});
