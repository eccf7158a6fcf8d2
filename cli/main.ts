/**
 * The `postern` command: reads the words, finds the gateway, runs one command, prints what it returns. Exit code 0; 1
 * for an error, which is a sentence on standard error; 2 for words that are not a command. With `--json` standard
 * output carries JSON and nothing else.
 */
import { parseArgs } from 'node:util';
import type { Command } from './command.ts';
import { commands } from './commands.ts';
import { Failure, Usage } from './failure.ts';
import { openGateway } from './gateway.ts';
import { print } from './output.ts';
import { mostWords, usage } from './usage.ts';

export async function main(words: readonly string[]): Promise<number> {
  try {
    return await run(words);
  } catch (error) {
    if (error instanceof Usage) return complain(`${error.message}\n\n${usage(words)}`, 2);
    if (error instanceof Failure) return complain(error.message, 1);
    return complain(sentenceOf(error), 1);
  }
}

async function run(words: readonly string[]): Promise<number> {
  if (words.length === 0 || words[0] === 'help' || words.includes('--help')) {
    process.stdout.write(`${usage(words)}\n`);
    return 0;
  }
  const { command, rest } = commandOf(words);
  const { values, positionals } = readWords(command, rest);
  const extra = positionals[mostWords(command.takes)];
  if (extra !== undefined)
    throw new Usage(`"${extra}" is one word too many; write a name with spaces in quotation marks.`);
  const gateway = command.offline === true ? undefined : await openGateway(values['stack']);
  const result = await command.run({ values, positionals, gateway: gateway! });
  await print(result, values['json'] === true);
  if (result.error !== undefined) return complain(result.error, 1);
  return result.exitCode ?? 0;
}

/** `documents put` and `stats` alike: the longest name that the words begin with. Which gateway is meant may stand in front. */
function commandOf(all: readonly string[]): { command: Command; rest: readonly string[] } {
  const before = wordsBefore(all);
  const words = all.slice(before);
  for (const length of [2, 1]) {
    const command = commands[words.slice(0, length).join(' ')];
    if (command !== undefined) return { command, rest: [...all.slice(0, before), ...words.slice(length)] };
  }
  throw new Usage(`"${words.slice(0, 2).join(' ')}" is not a command.`);
}

/** How many words belong to `--stack NAME` and `--json` ahead of the command. */
function wordsBefore([first = '', ...others]: readonly string[]): number {
  if (first === '--stack') return others.length === 0 ? 0 : 2 + wordsBefore(others.slice(1));
  return first === '--json' || first.startsWith('--stack=') ? 1 + wordsBefore(others) : 0;
}

function readWords(command: Command, rest: readonly string[]) {
  try {
    return parseArgs({
      args: [...rest],
      allowPositionals: true,
      options: { json: { type: 'boolean' }, stack: { type: 'string' }, ...command.options },
    });
  } catch (error) {
    throw new Usage(`${(error as Error).message}.`);
  }
}

function complain(text: string, code: number): number {
  process.stderr.write(`postern: ${text}\n`);
  return code;
}

function sentenceOf(error: unknown): string {
  const { name, message } = error as Error;
  if (/ECONNREFUSED/.test((error as { code?: string }).code ?? message))
    return 'The gateway does not answer; is "npm start" running?';
  return name === 'Error' ? message : `${name}: ${message}`;
}
