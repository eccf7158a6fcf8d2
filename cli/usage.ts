/** The usage text, made of the commands themselves. */
import { commands } from './commands.ts';

const about =
  'Works on the local run whose endpoints.json is in $POSTERN_DATA or .postern/, or on --stack NAME. --json prints JSON.';

/** Of the command that `words` begin with, else of its group, else of all. */
export function usage(words: readonly string[] = []): string {
  const all = Object.keys(commands);
  const beginnings = [words.slice(0, 2).join(' '), words[0] ?? ''].filter((text) => text !== '');
  const chosen = beginnings
    .map((text) => all.filter((name) => name === text || name.startsWith(`${text} `)))
    .find((names) => names.length > 0);
  return ['Usage:', ...(chosen ?? all).flatMap(linesOf), '', about].join('\n');
}

/** How many words a command takes after its name; `…` means any number. Options and their values are none. */
export function mostWords(takes: string): number {
  const words = takes.replaceAll(/--[\w-]+(?: [^\s\])]+)?/g, '').match(/[A-Z]+…?/g) ?? [];
  return words.some((word) => word.endsWith('…')) ? Infinity : words.length;
}

/** What it does stands beside a short command, and below a long one. */
function linesOf(name: string): string[] {
  const { takes, does } = commands[name]!;
  const call = `  postern ${name} ${takes}`.trimEnd();
  return call.length < 48 ? [`${call.padEnd(48)} ${does}`] : [call, `${' '.repeat(48)} ${does}`];
}
