/** One message of a queue, or one sweep, as the handlers carry it out; with a remote host that remembers what it took. */
import { deliver } from '../../functions/deliver-to-mailbox/deliver.ts';
import { settings as deliverer } from '../../functions/deliver-to-mailbox/settings.ts';
import { type Carrier, waitingRecipients } from '../../functions/relay-outbound/carrier.ts';
import { drainHop } from '../../functions/relay-outbound/hop-worker.ts';
import { reportMessage } from '../../functions/report-failure/report.ts';
import { sweep } from '../../functions/retry-deferred/sweep.ts';
import { route } from '../../functions/route-mail/route.ts';
import type { MailLog } from '../../aws/mail-log.ts';
import type { DeliverWork, HopWork, ReportWork, RouteWork } from '../../mail/spool/doors.ts';
import { later, minute } from '../../mail/spool/keys.ts';
import type { Process } from './faults.ts';
import type { World } from './world.ts';

export type Component = 'route' | 'deliver' | 'relay' | 'report' | 'sweep';

/** Of an invocation that has just begun. */
const mailboxLease = deliverer.timeoutSeconds * 1000 + minute;

export async function work(component: Component, body: string, world: World, owner: Process): Promise<void> {
  const doors = { ...world.doors(owner), log: silent, onFault: () => undefined };
  const parsed: unknown = JSON.parse(body);
  if (component === 'route') return route(parsed as RouteWork, { ...doors, onRouted: () => undefined });
  if (component === 'deliver') return deliver(parsed as DeliverWork, later(world.now, mailboxLease), doors);
  if (component === 'report')
    return reportMessage((parsed as ReportWork).message, { ...doors, onReported: () => undefined });
  if (component === 'relay') return relay(parsed as HopWork, world, owner);
  const remainingMilliseconds = (): number => 55_000;
  await sweep({ ...doors, reaches: () => true, jitter: () => 0.5, remainingMilliseconds });
}

function relay(hop: HopWork, world: World, owner: Process): Promise<void> {
  const doors = {
    ...world.doors(owner),
    log: silent,
    carrierFor: () => carrierOf(world),
    pause: () => Promise.resolve(),
    random: () => 0.5,
    limits: { ...slowness, closing: 1_000, beginning: 300_000, indexDelay: 0 },
  };
  return drainHop(hop, doors, () => 900_000);
}

/** Nothing is slow while the clock stands; who was killed leaves a timer behind, for which the file's process waits. */
const slowness = { slowAfter: 5_000, timedOutAfter: 60_000, slowWorkers: 3, pool: 'test' };

function carrierOf(world: World): Carrier {
  return {
    send(delivery) {
      const to = waitingRecipients(delivery).map(({ address }) => address);
      const results = to.map((address) => ({ address, ...world.remote(address, delivery.attempts + 1) }));
      const took = results.filter(({ outcome }) => outcome === 'relayed').map(({ address }) => address);
      if (took.length > 0) world.sent.push({ message: delivery.message, to: took });
      return Promise.resolve({ results, hop: 'answered' });
    },
    close: () => Promise.resolve(),
  };
}

const nothing = (): void => undefined;
const silent: MailLog = new Proxy({} as MailLog, { get: () => nothing });
