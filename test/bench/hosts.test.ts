/** The world that the queue is measured in: names that lead to their address, hosts that count what they took. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { dnsResolver } from '../../aws/resolver.ts';
import { Host, type Manner, type Taken } from '../../bench/hosts.ts';
import { nameOf, serveNames } from '../../bench/names.ts';
import { outboundDelivery, recipient } from '../builders/outbound.ts';
import { lineTo, outcomesOf } from '../builders/outbound-line.ts';

test('a name leads to the address in it', async (t) => {
  const names = await serveNames();
  t.after(() => names.close());
  const resolver = dnsResolver({ servers: [names.address] });
  const name = nameOf('127.1.2.3');
  const { records } = await resolver.mx(name);
  assert.deepEqual(
    records.map(({ exchange }) => exchange),
    [name],
  );
  assert.deepEqual(await resolver.addresses(name), ['127.1.2.3']);
  assert.deepEqual(await resolver.txt(`_mta-sts.${name}`), []);
});

const manners: readonly [manner: Manner, outcome: string, why: string][] = [
  ['well', 'relayed', 'it takes mail'],
  ['refuses', 'waiting', 'nothing listens'],
  ['says 421', 'waiting', 'it is busy'],
  ['says 554', 'waiting', 'a greeting is never final'],
  ['says 450', 'waiting', 'each recipient is put off'],
  ['never greets', 'waiting', 'the greeting is waited for in vain'],
  ['drops', 'waiting', 'the connection ends with the message'],
];

for (const [manner, outcome, why] of manners)
  test(`a host that ${manner}: ${why}; mended it takes each message once`, async (t) => {
    const taken: Taken = new Map();
    const { host, port } = await open(t, manner, taken);
    const address = `m1@${host.domain}`;
    await using line = lineTo(`[${host.address}]:${port}`, { timeouts: { greeting: 100 } });
    const send = () => line.send(outboundDelivery({ recipients: [recipient(address)] }));
    assert.deepEqual(outcomesOf(await send()), { [address]: outcome });
    assert.equal(taken.has(address), outcome === 'relayed');
    if (manner === 'well') return;
    await host.mend(port);
    assert.deepEqual(outcomesOf(await send()), { [address]: 'relayed' });
    assert.equal(taken.get(address)?.length, 1);
  });

/** At a port that was free a moment ago, since a host that refuses has none. */
async function open(t: TestContext, manner: Manner, taken: Taken): Promise<{ host: Host; port: number }> {
  const host = new Host(1, 'well', taken);
  t.after(() => host.close());
  const port = await host.open(0);
  host.close();
  host.manner = manner;
  await host.open(port);
  return { host, port };
}
