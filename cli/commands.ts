/** Every command by its words. A command takes what was written and the gateway, and returns what to print. */
import type { ParseArgsOptionsConfig } from 'node:util';
import { dnsCommands } from './dns.ts';
import { documentCommands } from './documents.ts';
import { explainCommands } from './explain.ts';
import type { Gateway } from './gateway.ts';
import { mailboxCommands } from './mailbox.ts';
import type { Result } from './output.ts';
import { peopleCommands } from './people.ts';
import { redriveCommands } from './redrive.ts';
import { spoolCommands } from './spool.ts';
import { statsCommands } from './stats.ts';
import { traceCommands } from './trace.ts';

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

export const commands: Readonly<Record<string, Command>> = {
  ...dnsCommands,
  ...documentCommands,
  ...explainCommands,
  ...mailboxCommands,
  ...peopleCommands,
  ...spoolCommands,
  ...redriveCommands,
  ...statsCommands,
  ...traceCommands,
};
