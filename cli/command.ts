/** What a command is: it takes what was written and the gateway, and returns what to print. */
import type { ParseArgsOptionsConfig } from 'node:util';
import type { Gateway } from './gateway.ts';
import type { Result } from './output.ts';

export interface Call {
  readonly values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
  readonly positionals: readonly string[];
  readonly gateway: Gateway;
}

export interface Command {
  /** The words after the name, for the usage text. */
  readonly takes: string;
  readonly does: string;
  readonly options?: ParseArgsOptionsConfig;
  /** Needs no running gateway. */
  readonly offline?: boolean;
  run(call: Call): Promise<Result>;
}
