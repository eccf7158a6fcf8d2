/** Doors of route-mail that remember: a spool in memory under the real one's conditions, queues, objects, and a crash. */
import { Readable } from 'node:stream';
import type { RouteDoors } from '../../../functions/route-mail/doors.ts';
import { fitsOneTransaction } from '../../../aws/spool-plan.ts';
import { BodyMissing, type Plan, type Spool } from '../../../mail/spool/doors.ts';
import { later, minute, routePart, wakeOf } from '../../../mail/spool/keys.ts';
import type { Delivery, DeliveryKey, MessageRecord } from '../../../mail/spool/records.ts';
import { now } from '../../builders/spool.ts';
import { routerWorld, type RouterWorld } from '../../mail/router/world.ts';

/** What a process that dies leaves behind: nothing of the step at which it died. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

export class RouteWorld {
  readonly messages = new Map<string, MessageRecord>();
  readonly records = new Map<string, Delivery>();
  readonly objects = new Map<string, unknown>();
  readonly told: string[] = [];
  readonly kept: string[] = [];
  readonly restored: string[] = [];
  readonly traced: string[] = [];
  /** Steps done, and the one before which the process dies. */
  readonly steps: string[] = [];
  crashBefore: string | undefined;
  now = now;
  given: RouterWorld;
  /** Runs once, before the plan is written: somebody else is faster. */
  race: (() => Promise<void>) | undefined;

  constructor(given: RouterWorld = {}) {
    this.given = given;
  }

  get doors(): RouteDoors {
    const { settings, directory, resolver } = routerWorld(this.given);
    return {
      settings: { current: () => Promise.resolve(settings) },
      directory,
      resolver,
      bodies: { open: () => this.open() },
      spool: this.spool,
      queue: {
        route: () => Promise.reject(new Error('route-mail never sends to its own queue')),
        deliver: (work) =>
          this.step('deliver', () => work.forEach(({ part }) => this.told.push(`deliver ${part}`))),
        hop: ({ transport, nextHop }) =>
          this.step('hop', () => void this.told.push(`hop ${transport}#${nextHop}`)),
        report: ({ message }) => this.step('report', () => void this.told.push(`report ${message}`)),
        tlsReport: () => Promise.reject(new Error('route-mail never asks for reports of TLS')),
      },
      objects: {
        putJson: (key, value) =>
          this.step('object', () => void this.objects.set(key, structuredClone(value))),
        getJson: (key) => this.step('read object', () => structuredClone(this.objects.get(key))),
      },
      keepMessage: (id) => this.step('keep', () => void this.kept.push(id)),
      restoreMessage: (id) => this.step('restore', () => void this.restored.push(id)),
      trace: ({ message }) => this.step('trace', () => void this.traced.push(message)),
      clock: () => this.now,
      onRouted: () => undefined,
    };
  }

  private get spool(): Spool {
    return {
      message: (id) => Promise.resolve(structuredClone(this.messages.get(id))),
      deliveries: (id) => Promise.resolve(structuredClone(this.ofMessage(id))),
      reports: () => Promise.resolve([]),
      plan: (plan) => this.plan(plan),
      follow: (plan) => this.follow(plan),
      claim: (key, leaseUntil) => this.claim(key, leaseUntil),
      settle: (claimed, next) => this.settle(claimed, next),
      putOff: () => Promise.reject(new Error('only outbound mail is put off')),
    };
  }

  ofMessage(id: string): Delivery[] {
    return [...this.records.values()]
      .filter(({ message }) => message === id)
      .sort((a, b) => (a.part < b.part ? -1 : 1));
  }

  private async open(): Promise<Readable> {
    const { header, envelope } = this.given;
    if (envelope?.bodyKey === 'missing') throw new BodyMissing('missing');
    return Readable.from([Buffer.from(header ?? 'From: bob@acme.example\r\n\r\n')]);
  }

  private step<T>(name: string, act: () => T): Promise<T> {
    if (this.crashBefore === name) return Promise.reject(new Crash(name));
    this.steps.push(name);
    return Promise.resolve(act());
  }

  private async plan(plan: Plan): Promise<boolean> {
    const race = this.race;
    this.race = undefined;
    await race?.();
    const { message } = plan.message;
    const before = this.messages.get(message);
    const waiting = this.records.get(`${message} ${routePart}`);
    const free =
      plan.waited === true
        ? before?.phase !== 'routed' && waiting?.state === 'pending'
        : before === undefined;
    if (!free) return false;
    const large = !fitsOneTransaction(plan);
    await this.step('plan', () => {
      if (waiting !== undefined) this.records.delete(`${message} ${routePart}`);
      const wake = { wake: wakeOf(message), wakeAt: later(this.now, 2 * minute) };
      this.messages.set(message, large ? { ...plan.message, phase: 'planned', ...wake } : plan.message);
      if (!large) for (const one of plan.deliveries) this.put(one);
    });
    if (large) await this.follow(plan);
    return true;
  }

  private async follow({ message, deliveries }: Plan): Promise<void> {
    for (const one of deliveries)
      await this.step(`put ${one.part}`, () => this.records.has(keyOf(one)) || this.put(one));
    await this.step('routed', () => {
      const { wake: _, wakeAt: __, ...record } = this.messages.get(message.message)!;
      this.messages.set(message.message, { ...record, phase: message.phase });
    });
  }

  private async claim(key: DeliveryKey, leaseUntil: string): Promise<Delivery | undefined> {
    const record = this.records.get(keyOf(key));
    const at = this.now.toISOString();
    const free =
      record?.state === 'pending' || record?.state === 'deferred' || (record?.leaseUntil ?? '~') < at;
    if (record === undefined || !free || record.dueAt > at) return undefined;
    return this.step('claim', () => {
      const claimed: Delivery = {
        ...record,
        state: 'sending',
        lease: `l${record.version}`,
        leaseUntil,
        claims: record.claims + 1,
        version: record.version + 1,
      };
      this.put(claimed);
      return structuredClone(claimed);
    });
  }

  private settle(claimed: Delivery, next: Delivery): Promise<Delivery | undefined> {
    return this.step('settle', () => {
      if (this.records.get(keyOf(claimed))?.lease !== claimed.lease) return undefined;
      const settled = { ...next, version: claimed.version + 1 };
      this.put(settled);
      return settled;
    });
  }

  put(delivery: Delivery): void {
    this.records.set(keyOf(delivery), structuredClone(delivery));
  }
}

function keyOf({ message, part }: DeliveryKey): string {
  return `${message} ${part}`;
}
