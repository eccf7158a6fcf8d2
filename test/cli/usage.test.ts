import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commands } from '../../cli/commands.ts';
import { mostWords } from '../../cli/usage.ts';

const rows: readonly (readonly [command: string, most: number, why: string])[] = [
  ['documents list', 1, 'a form, if anything'],
  ['documents get', 2, 'form and name: a name with spaces wants quotation marks'],
  ['documents delete', 2, 'else "delete Person Jane Doe" were about Jane'],
  ['documents put', Infinity, 'files'],
  ['documents import', 1, 'one file; that of --ldif is no word'],
  ['documents export', 0, 'all of them'],
  ['documents init', 0, 'options with values'],
  ['people set-password', 1, 'a name'],
  ['explain', 0, 'options, one with alternatives'],
  ['trace', 1, 'an id, or options'],
  ['spool hold', Infinity, 'ids'],
  ['spool delete', Infinity, 'ids, and an option'],
  ['spool redrive', 1, 'a queue'],
  ['dns check', Infinity, 'domains'],
  ['stats', 0, 'nothing'],
];

for (const [command, most, why] of rows)
  test(`${command} takes ${most} words: ${why}`, () =>
    assert.equal(mostWords(commands[command]!.takes), most));
