/**
 * Waits until a deletion is published: the kept version ends, or stays in force because others need it, and then
 * says why.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Views } from '../aws/views.ts';
import { isForm } from '../mail/document/forms.ts';

const patienceMs = 30_000;
const pauseMs = 200;

export interface Deleted {
  readonly form: string;
  readonly name: string;
  readonly folded: string;
}

/** Empty: nothing of it is in force any more. */
export async function awaitWithdrawal(
  views: Pick<Views, 'kept' | 'rejected'>,
  { form, name, folded }: Deleted,
): Promise<readonly string[]> {
  if (!isForm(form)) return [];
  for (const end = Date.now() + patienceMs; Date.now() < end; await pause(pauseMs)) {
    const [kept] = (await views.kept([{ form, name: folded }])).values();
    if (kept?.source !== name) return [];
    const [rejected] = (await views.rejected([{ form, name }])).values();
    if (rejected?.state === 'deleted') return rejected.problems;
  }
  return ['deleted, and still in force after half a minute; look again later'];
}
