/** Reading what was written after a command. */
import type { Call } from './command.ts';
import { Usage } from './failure.ts';

/** The positional at `n`; its absence is a usage error that names it. */
export function word({ positionals }: Call, n: number, name: string): string {
  const found = positionals[n];
  if (found === undefined) throw new Usage(`${name} is missing.`);
  return found;
}

export function option({ values }: Call, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

export function flag({ values }: Call, name: string): boolean {
  return values[name] === true;
}
