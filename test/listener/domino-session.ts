/**
 * Rules of domino-map.md as dialogues with one running listener: each row publishes its documents, names a peer by
 * XCLIENT, says its lines and reads their replies. DNS is asked of a real server on loopback.
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { dnsResolver } from '../../aws/resolver.ts';
import { dnsServer, type DnsServer, type Zone } from '../builders/dns-server.ts';
import type { World } from '../mail/policy/world.ts';
import { connect, type Client } from './client.ts';
import { gateway, type Gateway, type GatewayOptions } from './gateway.ts';

/** What is sent, and the code with the start of the text, or the whole reply as an expression. */
export type Turn = readonly [line: string, reply: string | RegExp];

export interface Row {
  /** The rule as domino-map.md numbers it, and why this is the answer. */
  readonly rule: string;
  readonly world?: World;
  /** Arguments of XCLIENT; a stranger without a host name where there are none. */
  readonly peer?: string;
  /** The greeting, or what stands in its place. */
  readonly greeting?: string | RegExp;
  readonly turns?: readonly Turn[];
}

export interface Stage extends AsyncDisposable {
  readonly house: Gateway;
  readonly dns: DnsServer;
}

export const stranger = 'ADDR=192.0.2.1 NAME=[UNAVAILABLE]';

export async function stage(given: GatewayOptions, zone: Zone = {}): Promise<Stage> {
  const dns = await dnsServer(zone);
  const resolver = dnsResolver({ servers: [dns.address], timeoutMs: 5_000, tries: 1 });
  const house = await gateway({ ...given, listener: { resolver } });
  return {
    house,
    dns,
    async [Symbol.asyncDispose]() {
      await house.stop();
      await dns.close();
    },
  };
}

export async function play(t: TestContext, { house }: Stage, rows: readonly Row[]): Promise<void> {
  for (const row of rows)
    await t.test(row.rule, async () => {
      house.publish(row.world ?? {});
      const client = await connect(house.ports.smtp);
      try {
        await converse(client, row);
      } finally {
        client.close();
      }
    });
}

async function converse(
  client: Client,
  { peer = stranger, greeting = '220 ', turns = [] }: Row,
): Promise<void> {
  await client.reply();
  expect(await client.ask(`XCLIENT ${peer}`), greeting, `XCLIENT ${peer}`);
  if (turns.length > 0) await client.ask('EHLO client.example');
  for (const [line, reply] of turns) expect(await client.ask(line), reply, line);
}

function expect(reply: string, wanted: string | RegExp, line: string): void {
  if (typeof wanted === 'string') assert.ok(reply.startsWith(wanted), `${line}\n${reply}\n${wanted}`);
  else assert.match(reply, wanted, line);
}
