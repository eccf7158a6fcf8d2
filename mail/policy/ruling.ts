/**
 * How rules speak: each rule gives one ruling, a conductor asks them in order and gathers a verdict with every step.
 *
 * `pass` goes on to the next rule; everything else ends the stage. A rule that cannot read what it needs throws
 * DnsUnavailable or DirectoryUnavailable: the stage is deferred with 451 and the rule is named (promise 4).
 */
import { DirectoryUnavailable } from '../directory/directory.ts';
import type { Settings } from '../directory/settings.ts';
import { DnsUnavailable } from '../relay/doors.ts';
import { directoryUnavailable451, dnsUnavailable451 } from '../reply/message-replies.ts';
import type { Reply } from '../reply/reply.ts';
import type { Because, Step, Verdict } from './verdict.ts';

export type Ruling =
  | { readonly says: 'pass' | 'accept'; readonly outcome: string; readonly because?: Because | undefined }
  | { readonly says: 'refuse' | 'defer'; readonly reply: Reply; readonly because?: Because | undefined };

export interface Rule {
  /** As `postern explain` names it. */
  readonly rule: string;
  /** The field that has it asked: its reason, where the ruling names none of its own. */
  readonly because?: Because | undefined;
  readonly ask: () => Ruling | Promise<Ruling>;
}

/** Makes rules that name a field of the Configuration, or of the Server document. */
export function rulesIn(settings: Settings) {
  return {
    by: (field: string, rule: string, ask: Rule['ask']): Rule => {
      return { rule, because: inConfiguration(settings, field), ask };
    },
    byServer: (field: string, rule: string, ask: Rule['ask']): Rule => {
      return { rule, because: inServer(settings, field), ask };
    },
  };
}

export function pass(outcome: string, because?: Because): Ruling {
  return { says: 'pass', outcome, because };
}

export function accept(outcome: string, because?: Because): Ruling {
  return { says: 'accept', outcome, because };
}

export function refuse(reply: Reply, because?: Because): Ruling {
  return { says: 'refuse', reply, because };
}

export function defer(reply: Reply, because?: Because): Ruling {
  return { says: 'defer', reply, because };
}

/** Asks the rules in order until one ends the stage; where none does, it is accepted. */
export async function conduct(rules: readonly Rule[]): Promise<Verdict> {
  const steps: Step[] = [];
  for (const { rule, because: field, ask } of rules) {
    const asked = askSafely(ask);
    // Most rules know at once; a turn for each of them is a tenth of what a message costs.
    const ruling = asked instanceof Promise ? await asked : asked;
    const reason = ruling.because ?? field;
    const because = reason && { because: reason };
    steps.push({ rule, outcome: 'outcome' in ruling ? ruling.outcome : ruling.says, ...because });
    if (ruling.says === 'refuse' || ruling.says === 'defer')
      return { outcome: ruling.says, reply: ruling.reply, steps, ...because };
    if (ruling.says === 'accept') return { outcome: 'accept', steps, ...because };
  }
  return { outcome: 'accept', steps };
}

function askSafely(ask: Rule['ask']): Ruling | Promise<Ruling> {
  try {
    const ruling = ask();
    return ruling instanceof Promise ? ruling.catch(putOff) : ruling;
  } catch (cause) {
    return putOff(cause);
  }
}

function putOff(cause: unknown): Ruling {
  if (cause instanceof DnsUnavailable) return defer(dnsUnavailable451);
  if (cause instanceof DirectoryUnavailable) return defer(directoryUnavailable451);
  throw cause;
}

/** A field of the Configuration as the reason of a ruling. */
export function inConfiguration({ configuration }: Settings, field: string, entry?: string): Because {
  const document = `Configuration ${configuration.name}`;
  return entry === undefined ? { document, field } : { document, field, entry };
}

/** A field of the Server document as the reason of a ruling. */
export function inServer({ server }: Settings, field: string, entry?: string): Because {
  const document = `Server ${server.name}`;
  return entry === undefined ? { document, field } : { document, field, entry };
}
