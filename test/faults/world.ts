/**
 * The whole way of mail behind the listener, in memory: the real cores of the functions over the real adapters of aws/,
 * over AWS in memory, with queues that redeliver and a clock that a test turns. Invocations run one after another.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { awsAcceptance } from '../../aws/acceptance.ts';
import { fromItem, toItem } from '../../aws/items.ts';
import type { Settings } from '../../mail/directory/settings.ts';
import type { Envelope } from '../../mail/envelope/envelope.ts';
import type { RecipientResult } from '../../mail/relay/doors.ts';
import { bodyKeyOf, later, minute } from '../../mail/spool/keys.ts';
import type { Delivery, MessageRecord, ReportRecord } from '../../mail/spool/records.ts';
import { MemoryAws } from '../builders/memory-aws.ts';
import { envelope, now as start } from '../builders/spool.ts';
import { Faults, process, type Fault, type Process } from './faults.ts';
import { doorsOf, type Doors } from './doors.ts';
import { work, type Component } from './work.ts';

export interface Sent {
  readonly message: string;
  readonly to: readonly string[];
}

interface Queued {
  readonly queue: Component;
  readonly body: string;
  visibleAt: string;
  receives: number;
}

/** Six times the time-out of the functions, which a killed one leaves its message invisible for. */
const visibility = 6 * minute;
const mostReceives = 20;
const longestLife = 12 * 24 * 60 * minute;

export class World {
  readonly aws = new MemoryAws();
  readonly faults: Faults;
  readonly sent: Sent[] = [];
  settings: Settings;
  now = start;
  /** What the remote host says to one recipient; default: yes. */
  remote: (address: string, tries: number) => Omit<RecipientResult, 'address'> = () => taken;
  #queued: Queued[] = [];

  constructor(settings: Settings, fault?: Fault) {
    this.settings = settings;
    this.faults = new Faults(this.aws, fault);
    this.aws.onSend = (queue, body) =>
      this.#queued.push({ queue: queue as Component, body, visibleAt: this.now.toISOString(), receives: 0 });
  }

  /** True where the client got its 250. */
  async accept(
    change: Partial<Envelope> & { id: string },
    text = 'Subject: Hello\r\n\r\nHello.\r\n',
  ): Promise<boolean> {
    const listener = process('listener');
    const { bodies, objects } = this.doors(listener);
    const client = this.faults.client<SQSClient>(listener);
    const acceptance = awsAcceptance({ bodies, objects, client, routeQueue: 'route', patience: 1_000 });
    const size = Buffer.byteLength(text);
    const one = envelope({
      bodyKey: bodyKeyOf(change.id),
      size,
      headerSize: text.indexOf('\r\n\r\n') + 4,
      ...change,
    });
    const accepted = acceptance.accept(one, Buffer.from(text)).then(
      () => true,
      () => false,
    );
    return Promise.race([accepted, listener.killed.then(() => false)]);
  }

  doors(owner: Process): Doors {
    const client = <C>(): C => this.faults.client<C>(owner);
    const clients = {
      dynamodb: client<DynamoDBClient>(),
      s3: client<S3Client>(),
      sqs: client<SQSClient>(),
    };
    return doorsOf({ clients, settings: this.settings, clock: () => this.now });
  }

  /** One invocation; false: it failed or was killed. */
  async invoke(component: Component, body: string): Promise<'done' | 'failed' | 'killed'> {
    const owner = process(component);
    const done = work(component, body, this, owner).then(
      () => 'done' as const,
      () => 'failed' as const,
    );
    return Promise.race([done, owner.killed.then(() => 'killed' as const)]);
  }

  /** Redelivery and sweeps, with the clock advanced to whatever comes next, until nothing is left to do. */
  async untilQuiet(): Promise<void> {
    const end = later(this.now, longestLife);
    while (this.now.toISOString() < end) {
      await this.drainQueues();
      const next = this.#nextTime();
      if (next === undefined) return;
      this.now = new Date(Math.max(this.now.getTime() + 1_000, Date.parse(next)));
      if (this.#sweepIsDue()) await this.invoke('sweep', '{}');
    }
    throw new Error('The spool never became quiet.');
  }

  async drainQueues(only?: Component): Promise<void> {
    for (let one = this.#take(only); one !== undefined; one = this.#take(only)) {
      const end = await this.invoke(one.queue, one.body);
      if (end === 'done') continue;
      one.receives += 1;
      const wait = end === 'killed' ? visibility : Math.min(300, 30 * one.receives) * 1_000;
      one.visibleAt = later(this.now, wait);
      if (one.queue === 'route' || one.receives < mostReceives) this.#queued.push(one);
    }
  }

  #take(only: Component | undefined): Queued | undefined {
    const now = this.now.toISOString();
    const at = this.#queued.findIndex((one) => one.visibleAt <= now && (only ?? one.queue) === one.queue);
    return at === -1 ? undefined : this.#queued.splice(at, 1)[0];
  }

  /** Messages of a queue, as bodies; a test may lose them or send them twice. */
  queued(queue: Component): string[] {
    return this.#queued.filter((one) => one.queue === queue).map(({ body }) => body);
  }

  lose(queue: Component): void {
    this.#queued = this.#queued.filter((one) => one.queue !== queue);
  }

  #nextTime(): string | undefined {
    const times = [
      ...this.#queued.map(({ visibleAt }) => visibleAt),
      ...this.waking().map(({ wakeAt }) => wakeAt!),
    ];
    return times.toSorted()[0];
  }

  #sweepIsDue(): boolean {
    const now = this.now.toISOString();
    return this.waking().some(({ wakeAt }) => wakeAt! <= now);
  }

  /** Items of the spool that the sweep will look at. */
  waking(): (Delivery | MessageRecord | ReportRecord)[] {
    const rows = this.aws.rows('spool') as unknown as Delivery[];
    return rows.filter(({ wake }) => wake?.startsWith('w#') === true);
  }

  deliveries(): Delivery[] {
    return this.#parts<Delivery>('d#');
  }

  reports(): ReportRecord[] {
    return this.#parts<ReportRecord>('r#');
  }

  messages(): MessageRecord[] {
    return (this.aws.rows('spool') as unknown as MessageRecord[]).filter(({ part }) => part === 'm');
  }

  #parts<T>(prefix: string): T[] {
    const rows = this.aws.rows('spool') as unknown as { part: string; message: string }[];
    return rows
      .filter(({ part, message }) => part.startsWith(prefix) && !message.startsWith('t#'))
      .map((row) => fromItem<T>(toItem(row)));
  }

  mailbox(mailFile: string): { id: string; bodyKey: string; size: number; uid: number }[] {
    const rows = this.aws.rows('mailboxes') as unknown as {
      mailFile: string;
      id: string;
      bodyKey: string;
      size: number;
      uid: number;
    }[];
    return rows.filter((row) => row.mailFile === mailFile && row.id !== '#account');
  }
}

const taken = { outcome: 'relayed', reply: '250 2.0.0 Ok', replyBy: 'smtp' } as const;
