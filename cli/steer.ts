/**
 * What an administrator does to mail in the spool: hold, release, retry, delete, for ids, a next hop or all. Each record
 * is written while it is the one that was read, with who did it and why; then its queue is woken.
 */
import { hostname, userInfo } from 'node:os';
import { dynamodb, sqs } from '../aws/clients.ts';
import { awsHops } from '../aws/hops.ts';
import { awsSpoolDesk, type SpoolDesk } from '../aws/spool-desk.ts';
import { awsWorkQueue } from '../aws/work-queue.ts';
import { readTuning } from '../aws/variables.ts';
import { queueFor } from '../mail/relay/next-hop.ts';
import type { HopWork } from '../mail/spool/doors.ts';
import { deliveryPart } from '../mail/spool/keys.ts';
import type { Delivery } from '../mail/spool/records.ts';
import { isOutbound, owesAnything } from '../mail/spool/standing.ts';
import { steer, type Steering, type SteeringContext } from '../mail/spool/steer.ts';
import type { Call } from './command.ts';
import { Failure, Usage } from './failure.ts';
import type { Gateway } from './gateway.ts';
import { publishedSettings } from './settings.ts';
import { flag, option } from './words.ts';

export function deskOf({ tables }: Gateway): SpoolDesk {
  return awsSpoolDesk({ client: dynamodb(), table: tables.spool });
}

/** What the other spool commands take: `<message>.<number of the delivery>`. */
export function idOf({ message, part }: Delivery): string {
  return `${message}.${Number(part.slice(2))}`;
}

export function keyOf(id: string) {
  const found = /^([A-Za-z0-9-]+)\.(\d+)$/.exec(id);
  if (found === null) throw new Failure(`"${id}" is no id of the spool; "postern spool list" shows them.`);
  return { message: found[1]!, part: `d#${found[2]!.padStart(4, '0')}` };
}

export function select(call: Call, deliveries: readonly Delivery[]): Delivery[] {
  const hop = option(call, 'next-hop');
  return deliveries.filter(({ nextHop }) => hop === undefined || nextHop.toLowerCase() === hop.toLowerCase());
}

/** The deliveries a verb is for: ids, a next hop, or all that are open. */
async function chosen(call: Call, desk: SpoolDesk, verb: Steering): Promise<(Delivery | Steered)[]> {
  if (call.positionals.length > 0) return Promise.all(call.positionals.map((id) => existing(desk, id, verb)));
  if (option(call, 'next-hop') === undefined && !flag(call, 'all'))
    throw new Usage('Name ids, --next-hop H, or --all.');
  return select(call, await desk.list());
}

async function existing(desk: SpoolDesk, id: string, verb: Steering): Promise<Delivery | Steered> {
  const key = keyOf(id);
  const found = await desk.one(key);
  if (found !== undefined) return found;
  if (key.part !== deliveryPart(0) || !(await desk.isRouted(key.message)))
    throw new Failure(`There is no delivery ${id} in the spool.`);
  // Whoever releases mail twice shall not mind that routing took it in between.
  if (verb === 'release') return { id, said: 'it is released already', refused: false };
  const said = 'it has been routed; "postern spool list" shows the deliveries in its place';
  return { id, said, refused: true };
}

/** Records written at a time; each takes a few calls. */
const atOnce = 16;

export function verb(name: 'hold' | 'release' | 'retry' | 'delete') {
  return async (call: Call) => {
    const steering: Steering = name === 'delete' && flag(call, 'report') ? 'delete-report' : name;
    const steered = await steerAll(call, steering);
    await wake(
      call.gateway,
      steered.flatMap(({ next }) => next ?? []),
    );
    const results = steered.map(({ id, said, refused }) => ({ id, said, refused }));
    return {
      json: results,
      text: results.map(({ id, said }) => `${id}: ${said}`).join('\n'),
      exitCode: call.positionals.length > 0 && results.some(({ refused }) => refused) ? 1 : 0,
    };
  };
}

interface Steered {
  readonly id: string;
  readonly said: string;
  readonly refused: boolean;
  /** As it was written. */
  readonly next?: Delivery;
}

async function steerAll(call: Call, verb: Steering): Promise<Steered[]> {
  const desk = deskOf(call.gateway);
  const deliveries = await chosen(call, desk, verb);
  const context = { by: await who(call.gateway), because: option(call, 'because') };
  const hours = verb === 'release' || verb === 'retry' ? await timeoutHours(call) : undefined;
  const results: Steered[] = [];
  for (let at = 0; at < deliveries.length; at += atOnce)
    results.push(
      ...(await Promise.all(
        deliveries.slice(at, at + atOnce).map((delivery) => {
          if ('said' in delivery) return Promise.resolve(delivery);
          const clockHours = hours ?? clockOf(delivery);
          const steering = { ...context, now: new Date(), clockHours };
          return steerOne(call.gateway, desk, { delivery, verb, steering });
        }),
      )),
    );
  return results;
}

type Bodies = Pick<Gateway, 'keepMessage' | 'restoreMessage'>;
type SteeredDesk = Pick<SpoolDesk, 'one' | 'write'>;

interface Order {
  readonly delivery: Delivery;
  readonly verb: Steering;
  readonly steering: SteeringContext;
}

/** Readings of one record, between each two of which a worker wrote it. */
const mostReadings = 5;

export async function steerOne(gateway: Bodies, desk: SteeredDesk, order: Order): Promise<Steered> {
  let delivery: Delivery | undefined = order.delivery;
  for (let n = 0; n < mostReadings && delivery !== undefined; n++) {
    const steered = await steerAsRead(gateway, desk, { ...order, delivery });
    if (steered !== undefined) return steered;
    delivery = await desk.one(order.delivery);
  }
  return { id: idOf(order.delivery), said: 'it changed meanwhile; look again', refused: true };
}

/** Undefined: somebody wrote it meanwhile. */
async function steerAsRead(
  gateway: Bodies,
  desk: SteeredDesk,
  { delivery, verb, steering }: Order,
): Promise<Steered | undefined> {
  const id = idOf(delivery);
  const steered = steer(delivery, verb, steering);
  if ('refused' in steered) return { id, said: steered.refused, refused: true };
  if ('already' in steered) return { id, said: steered.already, refused: false };
  const { next, later } = steered;
  if (next.state === 'held') await gateway.keepMessage(delivery.message);
  if (['held', 'dead'].includes(delivery.state) && next.state === 'pending')
    await gateway.restoreMessage(delivery.message);
  if (!(await desk.write(next, delivery))) return undefined;
  const said = later
    ? `${verb} takes effect when the running attempt ends`
    : `${verb} done, now ${next.state}`;
  return { id, said, refused: false, next };
}

/** Who is logged in here; on AWS also the key by which CloudTrail knows them. */
async function who({ data }: Gateway): Promise<string> {
  const here = `${userName()}@${hostname()}`;
  if (data !== undefined) return here;
  const { accessKeyId } = await dynamodb().config.credentials();
  return `${here} (${accessKeyId})`;
}

/** In a container a user id may have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

/** The clock of released mail starts again with the length that the Configuration gives. */
async function timeoutHours(call: Call): Promise<number | undefined> {
  try {
    return (await publishedSettings(call)).configuration.transfer.timeoutHours;
  } catch (error) {
    if (error instanceof Failure || error instanceof Usage) return undefined;
    throw error;
  }
}

/** Where settings cannot be told: the length that it had, at most that of documents. */
function clockOf({ acceptedAt, expireAt }: Delivery): number {
  const hours = (Date.parse(expireAt) - Date.parse(acceptedAt)) / 3_600_000;
  return Math.min(240, Math.max(1, hours));
}

/** As many workers as commonly serve one hop. */
const mostHands = 10;

/** Every queue that has work now; a closed hop is opened for a probe. */
async function wake({ queues, tables }: Gateway, written: readonly Delivery[]): Promise<void> {
  const tuning = readTuning(process.env);
  const queue = awsWorkQueue({
    client: sqs(),
    urls: queues,
    queueOf: ({ transport, nextHop }) => queueFor(transport, nextHop, tuning),
  });
  const hops = awsHops({ client: dynamodb(), table: tables.spool, clock: () => new Date() });
  for (const message of idsOf(written.filter(owesAnything))) await queue.report({ message });
  const due = written.filter(({ state }) => state === 'pending');
  for (const id of idsOf(due.filter(({ transport }) => transport === 'route'))) await queue.route({ id });
  for (const { work, count } of hopsOf(due)) {
    await hops.probe(work);
    for (let n = 0; n < Math.min(count, mostHands); n++) await queue.hop(work);
  }
  await queue.deliver(due.filter(({ transport }) => transport === 'mailbox'));
}

function idsOf(deliveries: readonly Delivery[]): Set<string> {
  return new Set(deliveries.map(({ message }) => message));
}

function hopsOf(deliveries: readonly Delivery[]): { work: HopWork; count: number }[] {
  const groups = Map.groupBy(
    deliveries.filter(isOutbound),
    ({ transport, nextHop }) => `${transport}#${nextHop}`,
  );
  return [...groups.values()].map((group) => {
    const { transport, nextHop } = group[0]!;
    return { work: { transport, nextHop }, count: group.length };
  });
}
