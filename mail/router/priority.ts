/**
 * When a message's copies may leave (docs/message-flow.md): high and normal at once, low in the low priority hours.
 * A message over `lowPriorityAbove` is low, whatever its header says; `ignorePriority` makes all mail normal. What lies
 * in a mailbox here has not left, and is never kept waiting.
 */
import type { Configuration } from '../document/forms.ts';
import type { Envelope } from '../envelope/envelope.ts';
import type { Because } from '../policy/verdict.ts';
import { priorityOf, priorityRule } from './rule-outcomes.ts';

export type Priority = 'high' | 'normal' | 'low';

export interface Leaving {
  /** ISO time. */
  readonly leavesAt: string;
  readonly tellLater: boolean;
  /** Why it leaves later. */
  readonly waitsFor?: Because;
}

export function leavingOf(envelope: Envelope, now: Date, configuration: Configuration): Leaving {
  const priority = effectivePriority(priorityOf(envelope), envelope.size, configuration);
  const leavesAt = firstDue(priority, now, configuration);
  if (leavesAt <= now.toISOString()) return { leavesAt, tellLater: false };
  const tellLater = envelope.from !== '' && isTold(envelope, configuration);
  return { leavesAt, tellLater, waitsFor: reasonOf(envelope, configuration) };
}

/** The size limit, the rule, or, where the sender asked for low priority, the hours. */
function reasonOf(envelope: Envelope, { name, routing, transfer }: Configuration): Because {
  const document = `Configuration ${name}`;
  if (isLarge(envelope.size, routing.lowPriorityAbove))
    return { document, field: 'routing.lowPriorityAbove', entry: String(routing.lowPriorityAbove) };
  const rule = priorityRule(envelope);
  if (rule !== undefined) return { document: rule.document, field: 'rules', entry: rule.rule };
  return { document, field: 'transfer.lowPriorityHours', entry: transfer.lowPriorityHours };
}

/** Whose choice it was: the sender's, or a size limit's or rule's. */
function isTold({ header }: Envelope, { transfer }: Configuration): boolean {
  const asked = header.priority === 'low' ? 'requested' : 'policy';
  return transfer.lowPriorityNotification === 'all' || transfer.lowPriorityNotification === asked;
}

export function effectivePriority(asked: Priority, size: number, { routing }: Configuration): Priority {
  if (routing.ignorePriority) return 'normal';
  return isLarge(size, routing.lowPriorityAbove) ? 'low' : asked;
}

function isLarge(size: number, kilobytes: number): boolean {
  return kilobytes > 0 && size > kilobytes * 1024;
}

/** ISO time: now, or the start of the next low priority hours (`transfer.lowPriorityHours`, `HH:MM-HH:MM` UTC). */
export function firstDue(priority: Priority, now: Date, { transfer }: Configuration): string {
  if (priority !== 'low') return now.toISOString();
  const [start, end] = transfer.lowPriorityHours.split('-').map(minutesOf);
  if (start === undefined || end === undefined || start === end) return now.toISOString();
  const at = now.getUTCHours() * 60 + now.getUTCMinutes();
  const inside = start < end ? at >= start && at < end : at >= start || at < end;
  if (inside) return now.toISOString();
  const wait = (start - at + dayMinutes) % dayMinutes;
  const due = new Date(now.getTime() + wait * 60_000);
  due.setUTCSeconds(0, 0);
  return due.toISOString();
}

const dayMinutes = 24 * 60;

function minutesOf(text: string): number | undefined {
  const match = /^(\d{1,2}):(\d{2})$/.exec(text.trim());
  return match === null ? undefined : Number(match[1]) * 60 + Number(match[2]);
}
