/**
 * Two workers, an administrator and the sweep on one delivery, their AWS calls in every order that is tried: nothing
 * arrives after it was deleted, held mail stays, a final outcome never changes, nothing is left owed or forgotten.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { awsSpoolDesk } from '../../aws/spool-desk.ts';
import { minute } from '../../mail/spool/keys.ts';
import { steer, type Steering } from '../../mail/spool/steer.ts';
import type { Delivery } from '../../mail/spool/records.ts';
import { outboundSettings } from '../builders/outbound.ts';
import { copiesTo } from './checks.ts';
import { process, type Process } from './faults.ts';
import { World } from './world.ts';
import { work, type Component } from './work.ts';

const settings = outboundSettings({
  routing: { smtpOutsideLocalDomain: true, relayHost: 'relay.example:587' },
});
const hop = JSON.stringify({ transport: 'smtp', nextHop: 'relay.example:587' });
const key = { message: 'one', part: 'd#0001' };
const verbs = ['hold', 'release', 'retry', 'delete', 'delete-report'] as const;
const far = 'anna@there.example';
const near = 'alice@acme.example';

type Act = Steering | 'work' | 'sweep' | 'report' | 'time passes';

/** A worker lives for two minutes at most; its lease lasts longer (transition 3). */
class Stage {
  readonly world = new World(settings);
  readonly running: { owner: Process; done: Promise<unknown> }[] = [];
  readonly seen = new Map<string, string>();
  readonly to: string;
  /** What must never be seen. */
  readonly wrong: string[] = [];
  /** Copies that had left or arrived when the delivery was seen deleted. */
  copiesAtDeletion: number | undefined;

  constructor(to: string) {
    this.to = to;
    this.world.remote = (_, tries) =>
      tries < 2
        ? { outcome: 'waiting', reply: '450 4.2.1 Later', replyBy: 'smtp' }
        : { outcome: 'relayed', reply: '250 2.0.0 Ok', replyBy: 'smtp' };
  }

  async begin(): Promise<void> {
    await this.world.accept({ id: 'one', from: 'bob@acme.example', recipients: [{ address: this.to }] });
    await this.world.drainQueues('route');
    for (const queue of ['deliver', 'relay'] as const) this.world.lose(queue);
  }

  start(act: Act): void {
    if (act === 'time passes') return this.passTime();
    if (act === 'work') return this.#run(...this.#worker());
    if (act === 'sweep') return this.#run('sweep', '{}');
    if (act === 'report') return this.#run('report', JSON.stringify({ message: 'one' }));
    const owner = process('administrator');
    this.running.push({ owner, done: this.steer(act, owner).catch(() => undefined) });
  }

  #worker(): [Component, string] {
    return this.to === far ? ['relay', hop] : ['deliver', JSON.stringify(key)];
  }

  #run(component: Component, body: string): void {
    const owner = process(component);
    this.running.push({ owner, done: work(component, body, this.world, owner).catch(() => undefined) });
  }

  /** As `postern spool` does it; true where the administrator was told that it is done, or will be. */
  async steer(verb: Steering, owner: Process): Promise<boolean> {
    const desk = awsSpoolDesk({ client: this.world.faults.client(owner), table: 'spool' });
    const before = await desk.one(key);
    const answer = before && steer(before, verb, { now: this.world.now, clockHours: 24 });
    return answer !== undefined && 'next' in answer && desk.write(answer.next, before!);
  }

  passTime(): void {
    for (const { owner } of this.running) owner.kill();
    this.world.now = new Date(this.world.now.getTime() + 17 * minute);
  }

  /** After every call: what was final is final, what was deleted does not move. */
  look(): void {
    const one = this.world.deliveries().find(({ message }) => message === 'one');
    for (const { address, outcome } of one?.recipients ?? []) {
      const was = this.seen.get(address) ?? 'waiting';
      if (was !== 'waiting' && outcome !== was) this.wrong.push(`${address} was ${was}, then ${outcome}`);
      this.seen.set(address, outcome);
    }
    if (one?.state === 'deleted') this.copiesAtDeletion ??= this.copies();
    if (one?.state === 'held' && one.lease !== undefined) this.wrong.push('held mail in a worker’s hands');
  }

  copies(): number {
    return this.to === far ? copiesTo(this.world, far) : this.world.mailbox('mail/alice').length;
  }

  delivery(): Delivery {
    return this.world.deliveries().find(({ message }) => message === 'one')!;
  }
}

const act = fc.constantFrom<Act>('work', 'work', 'sweep', 'report', 'time passes', ...verbs);
const acts = fc.array(act, { minLength: 2, maxLength: 9 });

for (const to of [near, far])
  test(`two workers, an administrator and the sweep on one delivery to ${to}`, async () => {
    await fc.assert(
      fc.asyncProperty(acts, fc.scheduler(), async (script, scheduler) => {
        const stage = new Stage(to);
        await stage.begin();
        stage.world.faults.turn = () => scheduler.schedule(Promise.resolve());
        stage.world.faults.look = () => stage.look();
        for (const [n, one] of script.entries()) {
          stage.start(one);
          // Every other act begins while the ones before are still at it.
          if (n % 2 === 1) await settle(stage, scheduler);
        }
        await settle(stage, scheduler);
        stage.world.faults.turn = () => Promise.resolve();
        stage.passTime();
        await stage.world.untilQuiet();
        assertAtRest(stage);
      }),
      { numRuns: 120 },
    );
  });

test('a wish that comes while the sweep decides is carried out', async () => {
  const stage = new Stage(near);
  await stage.begin();
  const wished = Promise.withResolvers<void>();
  const decided = Promise.withResolvers<void>();
  stage.world.faults.turn = async (owner, command) => {
    if (owner.component === 'deliver') dieAfterClaim(stage, owner);
    if (owner.component !== 'sweep' || command !== 'PutItemCommand') return;
    decided.resolve();
    await wished.promise;
  };
  stage.start('work');
  await Promise.all(stage.running.map(({ owner }) => owner.killed));
  stage.passTime();
  stage.start('sweep');
  await decided.promise;
  assert.equal(await stage.steer('delete', process('administrator')), true);
  wished.resolve();
  await Promise.all(stage.running.map(({ owner, done }) => Promise.race([owner.killed, done])));
  await stage.world.untilQuiet();
  assert.equal(stage.delivery().state, 'deleted');
  assert.equal(stage.copies(), 0);
});

test('wishes that come and go while an outcome is written cost nobody the outcome', async () => {
  const stage = new Stage(near);
  await stage.begin();
  const administrator = process('administrator');
  const verbsInTurn: Steering[] = ['hold', 'release', 'hold', 'release'];
  stage.world.faults.turn = async ({ component }, command) => {
    const verb = component === 'deliver' && command === 'PutItemCommand' ? verbsInTurn.shift() : undefined;
    if (verb !== undefined) assert.ok(await stage.steer(verb, administrator));
  };
  stage.start('work');
  await Promise.all(stage.running.map(({ done }) => done));
  assert.deepEqual([verbsInTurn, stage.delivery().state], [[], 'delivered']);
});

test('a wish that comes while released mail is routed again is carried out', async () => {
  const world = new World(settings);
  await world.accept({ id: 'one', from: '', recipients: [{ address: 'nobody@acme.example' }] });
  await world.untilQuiet();
  const desk = awsSpoolDesk({ client: world.faults.client(process('administrator')), table: 'spool' });
  const steered = async (verb: Steering): Promise<void> => {
    const before = await desk.one({ message: 'one', part: 'd#0000' });
    const answer = steer(before!, verb, { now: world.now, clockHours: 24 });
    assert.ok('next' in answer && (await desk.write(answer.next, before!)));
  };
  await steered('retry');
  let wishes = 1;
  world.faults.turn = async ({ component }, command) => {
    if (component === 'route' && command === 'PutItemCommand' && wishes-- === 1) await steered('delete');
  };
  await world.invoke('route', JSON.stringify({ id: 'one' }));
  assert.ok(wishes < 1, 'it came in between');
  await world.untilQuiet();
  assert.deepEqual(
    world.deliveries().map(({ part, state }) => [part, state]),
    [['d#0000', 'deleted']],
  );
});

function dieAfterClaim(stage: Stage, owner: Process): void {
  if (stage.delivery().state === 'sending') owner.kill();
}

async function settle(stage: Stage, scheduler: { waitFor<T>(work: Promise<T>): Promise<T> }): Promise<void> {
  const ends = stage.running.map(({ owner, done }) => Promise.race([owner.killed, done]));
  await scheduler.waitFor(Promise.all(ends));
}

function assertAtRest(stage: Stage): void {
  const { state, want, lease, recipients, wake } = stage.delivery();
  assert.deepEqual(stage.wrong, []);
  assert.deepEqual(stage.world.waking(), [], 'nothing wakes without need');
  assert.deepEqual([lease, want], [undefined, undefined], `${state}: no lease, no wish is left`);
  assert.ok(['delivered', 'failed', 'deleted', 'held'].includes(state), state);
  assert.equal(state === 'held', wake !== undefined);
  assert.deepEqual(
    recipients.map(({ owes }) => owes),
    [undefined],
  );
  assert.ok(stage.copies() <= 1 || stage.to === far, 'a mailbox has it once');
  if (state === 'delivered') assert.ok(stage.copies() >= 1, 'what is called delivered is there');
  if (state === 'deleted')
    assert.equal(stage.copies(), stage.copiesAtDeletion, 'nothing leaves after its deletion');
}
