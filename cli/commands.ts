/** Every command by its words. */
import type { Command } from './command.ts';
import { dnsCommands } from './dns.ts';
import { documentCommands } from './documents.ts';
import { explainCommands } from './explain.ts';
import { mailboxCommands } from './mailbox.ts';
import { peopleCommands } from './people.ts';
import { redriveCommands } from './redrive.ts';
import { spoolCommands } from './spool.ts';
import { statsCommands } from './stats.ts';
import { traceCommands } from './trace.ts';

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
