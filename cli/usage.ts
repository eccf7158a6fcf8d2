/** The usage text, made of the commands themselves. */
import { commands } from './commands.ts';

export function usage(): string {
  const lines = Object.entries(commands).map(
    ([name, { takes, does }]) => `  postern ${name} ${takes}`.trimEnd().padEnd(58) + ` ${does}`,
  );
  const about =
    'Works on the local run whose endpoints.json is in $POSTERN_DATA or .postern/, or on --stack NAME. --json prints JSON.';
  return ['Usage:', ...lines, '', about].join('\n');
}
