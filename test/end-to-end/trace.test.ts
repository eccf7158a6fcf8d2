/** Every outcome's reason: what `postern trace` tells of a message is what `postern explain` had said of it (promise 5). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../builders/gateway.ts';
import { MailWorld } from '../builders/mail-world.ts';
import { sharedGateway } from '../builders/shared-gateway.ts';
import type { Because } from '../../mail/policy/verdict.ts';
import type { Story } from '../../mail/spool/story.ts';

interface Explained {
  readonly steps: readonly { readonly recipient?: string; readonly because?: Because }[];
  readonly recipients: readonly {
    readonly route: string;
    readonly because: Because;
    readonly routes?: readonly { readonly address: string; readonly because: Because }[];
  }[];
}

test('trace says what explain said', async (t) => {
  const gateway = await sharedGateway(t);
  const world = new MailWorld(gateway);
  await gateway.put({
    form: 'Person',
    name: 'Away Example/Acme',
    lastName: 'Example',
    internetAddress: 'away@acme.example',
    forwardingAddress: 'away@elsewhere.example',
  });
  const json = <T>(...words: string[]): Promise<T> => world.postern.json<T>(...words);
  const explained = (to: string): Promise<Explained> =>
    json('explain', '--from', 'bob@acme.example', '--to', to, '--auth', 'Bob Example/Acme');
  const traced = (id: string): Promise<Story> =>
    until(`${id} is settled`, async () => {
      // Until route-mail has planned it there is no record to tell of.
      const story = await json<Story>('trace', id).catch(() => undefined);
      if (story === undefined) return undefined;
      const ends = story.events.filter(({ stage }) => stage === 'deliver' || stage === 'relay');
      const waits = story.events.filter(
        ({ stage, outcome }) => stage === 'route' && outcome.startsWith('to '),
      );
      return waits.length > 0 && ends.length >= waits.length ? story : undefined;
    });

  for (const to of [
    'alice@acme.example',
    'support@acme.example',
    'team@acme.example',
    'away@acme.example',
    'x@elsewhere.example',
  ]) {
    const [id = ''] = await world.bobWrites([`<${to}>`]);
    assertSame(await traced(id), await explained(to), to);
  }

  const both = ['bob@acme.example', 'postmaster@acme.example', 'y@elsewhere.example'];
  const [id = ''] = await world.bobWrites(both.map((to) => `<${to}>`));
  const story = await traced(id);
  for (const to of both) {
    const { steps } = await explained(to);
    const accepted = story.events.find(({ stage, recipient }) => stage === 'accept' && recipient === to);
    const reasons = steps
      .filter(({ recipient }) => recipient === to)
      .map(({ because }) => JSON.stringify(because));
    assert.ok(reasons.includes(JSON.stringify(accepted?.because)), `${to}: ${JSON.stringify(accepted)}`);
  }

  const toAlice = await world.strangerWrites('alice@acme.example', undefined, '');
  await traced(toAlice);
  const { events } = await traced(id);
  const searches: [words: string[], found: boolean[], reason: string][] = [
    [['--from', 'BOB@acme.example'], [true, false], 'in any case'],
    [
      ['--from', '<bob@acme.example>', '--to', 'y@elsewhere.example'],
      [true, false],
      'as the session wrote it',
    ],
    [['--from', 'y@elsewhere.example'], [false, false], 'a recipient is no sender'],
    [['--from', '', '--to', 'alice@acme.example'], [false, true], 'as JSON names the sender of reports'],
    [['--from', '<>'], [false, true], 'as a session names it'],
    [['--since', events[0]?.at ?? ''], [true, true], 'a time alone'],
    [['--since', new Date(Date.now() + 60_000).toISOString()], [false, false], 'nothing yet'],
  ];
  for (const [words, found, reason] of searches) {
    const ids = (await json<Story[]>('trace', ...words)).map(({ messageId }) => messageId);
    assert.deepEqual([ids.includes(id), ids.includes(toAlice)], found, `${words.join(' ')}: ${reason}`);
  }
});

/** The reason of the acceptance, of each route, and of each end that the route led to. */
function assertSame(story: Story, { steps, recipients }: Explained, to: string): void {
  const [one] = recipients;
  const routes = one?.routes ?? [{ address: undefined, because: one!.because }];
  const of = (stages: readonly string[]) => story.events.filter(({ stage }) => stages.includes(stage));
  const routed = of(['route']);
  assert.equal(routed.length, routes.length, `${to}: as many routes`);
  for (const { address, because } of routes) {
    const mine = routed.filter(({ recipient }) => recipient === address || address === undefined);
    assert.ok(
      mine.some((event) => JSON.stringify(event.because) === JSON.stringify(because)),
      `${to}: ${address ?? 'it'} is routed by ${JSON.stringify(because)}, ${JSON.stringify(mine)}`,
    );
  }
  for (const { recipient, because } of of(['deliver', 'relay'])) {
    const route = routed.find((event) => event.recipient === recipient && event.outcome.startsWith('to '));
    assert.deepEqual(because, route?.because, `${to}: the end has the reason of the route`);
  }
  const [accepted] = of(['accept']);
  const asked = steps.filter(({ recipient, because }) => recipient === to && because !== undefined);
  assert.ok(
    asked.some(({ because }) => JSON.stringify(because) === JSON.stringify(accepted?.because)),
    `${to}: accepted by ${JSON.stringify(accepted?.because)}`,
  );
}
