/** Settings, deliveries and doors in memory for tests of outbound work. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import type { SettledLog } from '../../aws/settled-log.ts';
import { forms, type Server } from '../../mail/document/forms.ts';
import type { Settings } from '../../mail/directory/settings.ts';
import {
  BodyMissing,
  type HopState,
  type Hops,
  type HopWork,
  type PutOff,
  type Slot,
  type Spool,
} from '../../mail/spool/doors.ts';
import { hopKeyOf, hopName, later, minute, wakeOf } from '../../mail/spool/keys.ts';
import type { Delivery, DeliveryKey, Recipient } from '../../mail/spool/records.ts';
import { wished } from '../../mail/spool/steer.ts';

/** Settings of Mail1/Acme; the arguments are what the documents say beside the defaults. */
export function outboundSettings(configuration: object = {}, server: object = {}): Settings {
  const serverDocument = forms.Server.parse({ hostName: 'mail1.acme.example', domain: 'ACME', ...server });
  const globalDomain = forms.GlobalDomain.parse({ primaryDomain: 'acme.example', default: true });
  const mail1 = { name: 'Mail1/Acme', ...serverDocument } as Server;
  return {
    version: '1',
    server: mail1,
    servers: [mail1],
    configuration: { name: '*', ...forms.Configuration.parse(configuration) },
    globalDomains: [{ name: 'Acme', ...globalDomain }],
    foreignSmtpDomains: [],
    connections: [],
    groups: {},
    people: {},
  };
}

export const messageText = 'Subject: Hello\r\nFrom: bob@acme.example\r\n\r\nHello,\r\n.a line with a dot\r\n';

export function recipient(address: string, change: Partial<Recipient> = {}): Recipient {
  return { address, original: address, outcome: 'waiting', ...change };
}

let count = 0;

/** A delivery to two people at there.example, due since a minute. */
export function outboundDelivery(change: Partial<Delivery> = {}): Delivery {
  const message = change.message ?? `m${(count += 1)}`;
  const now = new Date();
  const delivery: Delivery = {
    message,
    part: 'd#0001',
    transport: 'smtp',
    nextHop: 'relay.example',
    state: 'pending',
    recipients: [recipient('anna@there.example'), recipient('carl@there.example')],
    from: 'bob@acme.example',
    smtpUtf8: false,
    eightBitMime: false,
    requireTls: false,
    bodyKey: `spool/00/${message}`,
    size: Buffer.byteLength(messageText),
    edits: [],
    acceptedAt: later(now, -minute),
    attempts: 0,
    claims: 0,
    dueAt: later(now, -minute),
    expireAt: later(now, 24 * 60 * minute),
    version: 1,
    events: [],
    ...change,
  };
  return { ...delivery, wake: wakeOf(message), wakeAt: delivery.dueAt, hopKey: hopKeyOf(delivery) };
}

/** Notes what is told of settled deliveries. */
export function settledLog(told: string[]): SettledLog {
  return {
    relayed: ({ message }) => void told.push(`relayed ${message}`),
    failed: ({ message, reason }) => void told.push(`failed ${message} ${reason}`),
    deferred: ({ message }) => void told.push(`deferred ${message}`),
    held: ({ message }) => void told.push(`held ${message}`),
    dead: ({ message }) => void told.push(`dead ${message}`),
  };
}

/** Every body is the same text, but for those that are named. */
export function bodiesOf(named: Readonly<Record<string, string | Buffer | undefined>> = {}) {
  const opened: string[] = [];
  return {
    opened,
    open(key: string): Promise<Readable> {
      opened.push(key);
      const body = key in named ? named[key] : messageText;
      if (body === undefined) return Promise.reject(new BodyMissing(key));
      return Promise.resolve(Readable.from(inChunks(Buffer.from(body))));
    },
  };
}

/** As a network hands them over. */
function* inChunks(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += chunkSize) yield bytes.subarray(at, at + chunkSize);
}

const chunkSize = 64 * 1024;

/** Records and hops in memory, under the conditions that the real ones keep. */
export class MemorySpool implements Pick<Spool, 'claim' | 'settle' | 'putOff'>, Hops {
  readonly records = new Map<string, Delivery>();
  readonly slots = new Map<string, Slot>();
  readonly states = new Map<string, HopState>();
  readonly clock: () => Date;
  /** Most slots held at one time. */
  busiest = 0;

  constructor(clock: () => Date, deliveries: readonly Delivery[]) {
    this.clock = clock;
    for (const delivery of deliveries) this.put(delivery);
  }

  put(delivery: Delivery): void {
    this.records.set(nameOf(delivery), structuredClone(delivery));
  }

  record(key: DeliveryKey): Delivery {
    const found = this.records.get(nameOf(key));
    assert.ok(found, `no record ${nameOf(key)}`);
    return found;
  }

  claim(key: DeliveryKey, leaseUntil: string): Promise<Delivery | undefined> {
    const record = this.record(key);
    const due = record.dueAt <= this.clock().toISOString();
    if (!due || (record.state !== 'pending' && record.state !== 'deferred'))
      return Promise.resolve(undefined);
    const { hopKey: _, ...rest } = record;
    const lease = { lease: `lease ${record.version}`, leaseUntil, wakeAt: leaseUntil };
    const claimed: Delivery = {
      ...rest,
      ...lease,
      state: 'sending',
      claims: record.claims + 1,
      version: record.version + 1,
    };
    this.put(claimed);
    return Promise.resolve(structuredClone(claimed));
  }

  settle(claimed: Delivery, next: Delivery): Promise<Delivery | undefined> {
    const record = this.record(claimed);
    if (record.lease !== claimed.lease) return Promise.resolve(undefined);
    const settled = { ...wished(next, record.want, this.clock()), version: record.version + 1 };
    this.put(settled);
    return Promise.resolve(structuredClone(settled));
  }

  putOff(key: DeliveryKey, { reply, until }: PutOff): Promise<boolean> {
    const record = this.record(key);
    const now = this.clock().toISOString();
    const waits = record.state === 'pending' || record.state === 'deferred';
    const isCalled = record.expireAt <= now || (record.delayAt ?? until) <= now;
    if (!waits || record.dueAt > now || isCalled) return Promise.resolve(false);
    const version = record.version + 1;
    this.put({ ...record, state: 'deferred', lastReply: reply, wakeAt: until, version });
    return Promise.resolve(true);
  }

  takeSlot(work: HopWork, limit: number, until: string): Promise<Slot | undefined> {
    const hop = hopName(work.transport, work.nextHop);
    const held = [...this.slots.values()].filter((slot) => slot.hop === hop);
    if (held.length >= limit) return Promise.resolve(undefined);
    const slot = { hop, slot: `s#${held.length}`, lease: String(Math.random()), until };
    this.slots.set(slot.lease, slot);
    if (!hop.includes('#*')) this.busiest = Math.max(this.busiest, held.length + 1);
    return Promise.resolve(slot);
  }

  freeSlot(slot: Slot): Promise<void> {
    this.slots.delete(slot.lease);
    return Promise.resolve();
  }

  due(work: HopWork, now: string, limit: number): Promise<DeliveryKey[]> {
    const hop = hopName(work.transport, work.nextHop);
    const found = [...this.records.values()].filter(
      (record) => record.hopKey?.startsWith(`${hop}#`) === true && record.dueAt <= now,
    );
    const soonest = found.sort((a, b) => (a.wakeAt ?? '').localeCompare(b.wakeAt ?? ''));
    return Promise.resolve(soonest.slice(0, limit).map(({ message, part }) => ({ message, part })));
  }

  state(work: HopWork): Promise<HopState | undefined> {
    return Promise.resolve(this.states.get(hopName(work.transport, work.nextHop)));
  }

  close(work: HopWork, closedUntil: string, lastReply: string): Promise<boolean> {
    const hop = hopName(work.transport, work.nextHop);
    const { failures = 0, closedUntil: before = '' } = this.states.get(hop) ?? {};
    const closedAt = this.clock().toISOString();
    if (before > closedAt) return Promise.resolve(false);
    this.states.set(hop, { failures: failures + 1, closedUntil, closedAt, lastReply });
    return Promise.resolve(true);
  }

  slow(work: HopWork, slowUntil: string, alone: boolean): Promise<void> {
    const hop = hopName(work.transport, work.nextHop);
    this.states.set(hop, {
      failures: 0,
      ...this.states.get(hop),
      slowUntil,
      ...(alone && { aloneUntil: slowUntil }),
    });
    return Promise.resolve();
  }

  open(work: HopWork): Promise<void> {
    this.states.delete(hopName(work.transport, work.nextHop));
    return Promise.resolve();
  }
}

function nameOf({ message, part }: DeliveryKey): string {
  return `${message} ${part}`;
}
