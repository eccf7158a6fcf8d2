/**
 * One claimed delivery: sent, settled, reported and logged; or, where the hop is down, put back untried.
 * A body that is missing is a failure and an alarm; any other fault of ours leaves the delivery waiting.
 */
import { tellSettled } from '../../aws/settled-log.ts';
import { failed, ourWords, waiting } from '../../mail/relay/results.ts';
import { BodyMissing, type PutOff } from '../../mail/spool/doors.ts';
import { later, minute } from '../../mail/spool/keys.ts';
import type { Delivery, DeliveryKey } from '../../mail/spool/records.ts';
import { settleAttempt } from '../../mail/spool/settle.ts';
import { owesAnything, rested } from '../../mail/spool/standing.ts';
import { waitingRecipients, type Attempt, type Carrier } from './carrier.ts';
import type { Run } from './hop-worker.ts';

export interface Sent {
  /** The hop could not be spoken to, and has been closed; or it broke off what was begun. */
  readonly setback?: Setback;
  /** The hop answered, and took nobody. */
  readonly fruitless?: true;
  readonly gaveWay?: true;
}

/** What was heard last, and when. */
export interface Setback {
  /** `known`: another worker has closed the hop meanwhile. */
  readonly kind: 'down' | 'known' | 'broke';
  readonly reply: string;
  readonly at: Date;
}

export async function sendClaimed(run: Run, carrier: Carrier, claimed: Delivery): Promise<Sent> {
  const attempt = await attempted(run, carrier, claimed);
  const now = run.clock();
  if (attempt.gaveWay === true) {
    await putBack(run, claimed, { reply: slowHost, until: later(now, 2 * minute) });
    return { gaveWay: true };
  }
  const heard = { reply: attempt.results[0]?.reply ?? '', at: now };
  const isUntaken = attempt.results.every(({ outcome }) => outcome === 'waiting');
  if (attempt.hop === 'down' && isUntaken && !(await closeHop(run, heard))) {
    await settleKnown(run, claimed, attempt, heard);
    return { setback: { kind: 'known', ...heard } };
  }
  await settle(run, claimed, attempt, now);
  // What was taken in part has to be on record before anything else.
  if (attempt.hop === 'down' && !isUntaken) await closeHop(run, heard);
  if (attempt.hop !== 'answered') return { setback: { kind: attempt.hop, ...heard } };
  return isUntaken ? { fruitless: true } : {};
}

/** Until its next probe; `false`: another worker has closed it already. A closure that is not written is only a help less. */
export async function closeHop(run: Run, { reply, at }: Omit<Setback, 'kind'>): Promise<boolean> {
  try {
    return await run.hops.close(run.work, opensAt(run, at), reply);
  } catch (error) {
    run.log.fault('A next hop could not be closed', error, { nextHop: run.work.nextHop });
    return true;
  }
}

export function opensAt({ carrier }: Run, at: Date): string {
  return later(at, carrier.set.configuration.transfer.initialRetryMinutes * minute);
}

/** The delivery of the other worker has paid for the finding; this one has not been tried. */
async function settleKnown(
  run: Run,
  claimed: Delivery,
  attempt: Attempt,
  { reply, at }: Omit<Setback, 'kind'>,
): Promise<void> {
  if (isCalled(claimed, at.toISOString())) return settle(run, claimed, attempt, at);
  return putBack(run, claimed, { reply, until: opensAt(run, at) });
}

async function attempted(run: Run, carrier: Carrier, claimed: Delivery): Promise<Attempt> {
  try {
    return await carrier.send(claimed);
  } catch (error) {
    const { message, part } = claimed;
    const recipients = waitingRecipients(claimed);
    if (error instanceof BodyMissing) {
      run.log.fault('The body of an accepted message is missing', error, { message, part });
      const sentence = '554 5.3.0 The message cannot be sent: its stored body is missing';
      return { results: failed(recipients, ourWords(sentence)), hop: 'answered' };
    }
    run.log.fault('A delivery could not be attempted', error, { message, part });
    const sentence = '451 4.3.0 This server could not send the message; it will try again';
    return { results: waiting(recipients, ourWords(sentence)), hop: 'answered' };
  }
}

async function settle(run: Run, claimed: Delivery, { results }: Attempt, now: Date): Promise<void> {
  const { configuration } = run.carrier.set;
  const next = settleAttempt(claimed, results, { now, configuration });
  const settled = await written(run, claimed, next);
  if (settled === undefined) return;
  tellSettled(run.log, { claimed, settled, now });
  if (owesAnything(settled)) await report(run, settled.message);
  // Whoever asked for another attempt meanwhile need not wait for the sweep.
  if (settled.state === 'deferred' && settled.dueAt < next.dueAt) await run.queue.hop(run.work);
}

const settleTries = [200, 1_000, 5_000, 15_000];

/** What the other host took must be on record: the write is tried on, since without it the message goes twice. */
async function written(run: Run, claimed: Delivery, next: Delivery): Promise<Delivery | undefined> {
  for (const wait of settleTries) {
    try {
      return await run.spool.settle(claimed, next);
    } catch (error) {
      run.log.fault('An outcome could not be recorded', error, { message: next.message, part: next.part });
      await run.pause(wait);
    }
  }
  return run.spool.settle(claimed, next);
}

/** The due index brings a report that this does not. */
async function report(run: Run, message: string): Promise<void> {
  try {
    await run.queue.report({ message });
  } catch (error) {
    run.log.fault('A report could not be queued', error, { message });
  }
}

const slowHost = '451 4.4.1 The host answers slowly, and others are being served; its turn comes again';

/**
 * A delivery whose hop is down, untried: it stays due, so that it leaves as soon as the hop answers. One whose
 * deadline or delay notice has come is settled with what the probe was told.
 */
export async function shelve(run: Run, key: DeliveryKey, why: PutOff): Promise<void> {
  if (await run.spool.putOff(key, why)) return;
  const claimed = await run.spool.claim(key, run.leaseUntil);
  if (claimed === undefined) return;
  const now = run.clock();
  if (!isCalled(claimed, now.toISOString())) return putBack(run, claimed, why);
  const results = waiting(waitingRecipients(claimed), ourWords(why.reply));
  await settle(run, claimed, { results, hop: 'down' }, now);
}

/** Its deadline or its delay notice has come. */
function isCalled({ expireAt, delayAt }: Delivery, at: string): boolean {
  return expireAt <= at || (delayAt !== undefined && delayAt <= at);
}

/** Untried, and still due. */
async function putBack(run: Run, claimed: Delivery, { reply, until }: PutOff): Promise<void> {
  const next: Delivery = { ...claimed, state: 'deferred', claims: 0, lastReply: reply };
  const settled = await run.spool.settle(claimed, rested(next, until));
  if (settled !== undefined && owesAnything(settled)) await report(run, settled.message);
}
