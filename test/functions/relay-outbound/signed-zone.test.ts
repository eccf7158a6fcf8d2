/** DANE with a zone that is really signed and a resolver that really checks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dnssecResolver } from '../../../aws/dnssec.ts';
import { selfSigned } from '../../../listener/self-signed.ts';
import { DnsUnavailable } from '../../../mail/relay/doors.ts';
import { dnsServer } from '../../builders/dns-server.ts';
import { lineTo } from '../../builders/outbound-line.ts';
import { startSignedZone } from '../../builders/signed-zone.ts';
import { smtpSink } from '../../builders/smtp-sink.ts';
import { tlsa } from '../../builders/tlsa.ts';

const own = selfSigned('mx.there.example', new Date());
const stranger = selfSigned('mx.there.example', new Date());

test('a signed zone decides about certificates', async (t) => {
  const record = (name: string, certificate: string): string =>
    `_25._tcp.${name} TLSA 3 1 1 ${tlsa('3 1 1', certificate).subarray(3).toString('hex')}`;
  const server = await startSignedZone(t, {
    name: 'there.example',
    records: [
      '@ MX 10 mx',
      'mx A 127.0.0.1',
      record('mx', own.cert),
      ...['other', 'forged', 'plain'].flatMap((name) => [
        `${name} MX 10 mx.${name}`,
        `mx.${name} A 127.0.0.1`,
      ]),
      record('mx.other', stranger.cert),
      `_25._tcp.mx.forged TLSA 3 1 1 ${'ab'.repeat(32)}`,
    ],
    // As an attacker would have it, without the key of the zone.
    tamper: (signed) => signed.replaceAll('ab'.repeat(32), 'cd'.repeat(32)),
  });
  if (server === undefined) return;
  const secureDns = dnssecResolver({ server });

  await t.test('the flag is set on what is signed, on denials too', async () => {
    const { secure, records } = await secureDns.ask('there.example', 'MX');
    assert.deepEqual([secure, records[0]?.exchange], [true, 'mx.there.example']);
    const denied = await secureDns.ask('_25._tcp.mx.plain.there.example', 'TLSA');
    assert.deepEqual(denied, { secure: true, records: [] });
    await assert.rejects(secureDns.ask('_25._tcp.mx.forged.there.example', 'TLSA'), DnsUnavailable);
  });

  const cases: readonly [domain: string, tls: boolean, outcome: string, reply: RegExp, why: string][] = [
    ['there.example', true, 'relayed', /^250/, 'the right key'],
    ['there.example', false, 'waiting', /TLS is required/, 'no TLS offered'],
    ['other.there.example', true, 'waiting', /no TLSA record/, 'another key'],
    ['forged.there.example', true, 'waiting', /DNSSEC look-ups .* fail/, 'a forged record'],
    ['plain.there.example', false, 'relayed', /^250/, 'signed: no records'],
  ];
  for (const [domain, tls, outcome, reply, why] of cases)
    await t.test(`${domain}: ${why}`, async () => {
      const host = `mx.${domain}`;
      await using dns = await dnsServer({ [domain]: { mx: [[10, host]] }, [host]: { a: ['127.0.0.1'] } });
      await using sink = await smtpSink(tls ? { tls: own } : {});
      const configuration = { outboundCommands: { fallbackToPlain: true } };
      const options = {
        transport: 'direct',
        dns: dns.address,
        port: sink.port,
        secureDns,
        configuration,
      } as const;
      await using line = lineTo(domain, options);
      const [result] = (await line.send()).results;
      assert.equal(result?.outcome, outcome, result?.reply);
      assert.match(result?.reply ?? '', reply);
    });
});
