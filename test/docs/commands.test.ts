/** Every `npx postern …` that the pages show is a command, with options that it takes. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { commands } from '../../cli/commands.ts';
import { mostWords } from '../../cli/usage.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = globSync(['README.md', 'docs/*.md'], { cwd: root }).map((page) => `${root}/${page}`);

for (const page of pages) {
  const shown = [...readFileSync(page, 'utf8').matchAll(/npx postern ([^`\n|>#\\…]+)/g)].map(
    ([, words = '']) => words,
  );
  if (shown.length === 0) continue;
  test(basename(page), () => {
    for (const text of shown) assertCommand(text);
  });
}

function assertCommand(text: string): void {
  const found = text.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  const words = found.map((word) => word.replaceAll(/^["']|["']$/g, ''));
  if (words[0] === '--stack') words.splice(0, 2);
  const length = [2, 1].find((count) => commands[words.slice(0, count).join(' ')] !== undefined);
  assert.ok(length !== undefined, `npx postern ${text}: no such command`);
  const command = commands[words.slice(0, length).join(' ')]!;
  const options = { json: { type: 'boolean' }, stack: { type: 'string' }, ...command.options } as const;
  const { positionals } = parseArgs({ args: words.slice(length), allowPositionals: true, options });
  assert.ok(positionals.length <= mostWords(command.takes), `npx postern ${text}: too many words`);
}
