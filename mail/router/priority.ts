/**
 * When a message may first leave (domino-map.md, priorities): high and normal at once, low in the low priority hours.
 * A message over `lowPriorityAbove` is low, whatever its header says; `ignorePriority` makes all mail normal.
 */
import type { Configuration } from '../document/forms.ts';

export type Priority = 'high' | 'normal' | 'low';

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
