/** What route-mail tells of a plan: the counters of `postern stats` are made of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tellRouted, type RoutedLog } from '../../../functions/route-mail/told.ts';
import { planned, type RouterWorld } from '../../mail/router/world.ts';

const to = (...addresses: string[]) => ({ recipients: addresses.map((address) => ({ address })) });
const ghosts = to('ghost@acme.example', 'alice@acme.example', 'spook@acme.example');

async function told(given: RouterWorld): Promise<string[]> {
  const plan = await planned(given);
  const lines: string[] = [];
  const log: RoutedLog = {
    routed: ({ deliveries }) => lines.push(`routed ${deliveries}`),
    failed: ({ part, reason, recipients }) => lines.push(`failed ${part} ${recipients}: ${reason}`),
    held: ({ part, reason }) => lines.push(`held ${part} ${reason}`),
    dead: ({ part, reason }) => lines.push(`dead ${part} ${reason}`),
  };
  tellRouted(log, plan);
  return lines;
}

test('what routing lets fail is told, with how many it is about', async () => {
  const reply = 'User ghost (ghost@acme.example) not listed in Domino Directory';
  assert.deepEqual(await told({ envelope: ghosts }), ['routed 2', `failed d#0000 2: ${reply}`]);
});

test('what all arrives is routed, and nothing else', async () => {
  assert.deepEqual(await told({ envelope: to('alice@acme.example') }), ['routed 1']);
});

test('what is kept for a person is told twice: that it failed, and that it is held', async () => {
  const lines = await told({ configuration: { undeliverable: { hold: true } }, envelope: ghosts });
  assert.deepEqual(
    lines.map((line) => line.split(' ').slice(0, 2).join(' ')),
    ['routed 2', 'failed d#0000', 'held d#0000'],
  );
});
