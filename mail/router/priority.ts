/**
 * When a message's copies may leave (docs/message-flow.md): high and normal at once, low in the low priority hours.
 * A message over `lowPriorityAbove` is low, whatever its header says; `ignorePriority` makes all mail normal. What lies
 * in a mailbox here has not left, and is never kept waiting.
 */
import type { Configuration } from '../document/forms.ts';
import type { Envelope } from '../envelope/envelope.ts';
import { priorityOf } from './rule-outcomes.ts';

export type Priority = 'high' | 'normal' | 'low';

export interface Leaving {
  /** ISO time. */
  readonly leavesAt: string;
  readonly tellLater: boolean;
}

export function leavingOf(envelope: Envelope, now: Date, configuration: Configuration): Leaving {
  const priority = effectivePriority(priorityOf(envelope), envelope.size, configuration);
  const leavesAt = firstDue(priority, now, configuration);
  const late = leavesAt > now.toISOString() && envelope.from !== '';
  return { leavesAt, tellLater: late && isTold(envelope, configuration) };
}

/** Whose choice it was: the sender's, or a size limit's or rule's. */
function isTold({ header }: Envelope, { transfer }: Configuration): boolean {
  const asked = header.priority === 'low' ? 'requested' : 'policy';
  return transfer.lowPriorityNotification === 'all' || transfer.lowPriorityNotification === asked;
}

export function effectivePriority(asked: Priority, size: number, { routing }: Configuration): Priority {
  if (routing.ignorePriority) return 'normal';
  const limit = routing.lowPriorityAbove * 1024;
  return limit > 0 && size > limit ? 'low' : asked;
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
