import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authenticationResults, type Findings } from '../../../mail/policy/authentication-results.ts';
import { authenticationConcerns, judgeAuthentication } from '../../../mail/policy/sender-authentication.ts';
import { line } from '../../../mail/reply/reply.ts';
import { named, settingsOf, world, type World } from './world.ts';

const spf = (result: NonNullable<Findings['spf']>['result']): Findings => ({
  spf: { result, domain: 'bad.example', identity: 'mailfrom' },
});
const dmarc = (
  result: NonNullable<Findings['dmarc']>['result'],
  policy: 'none' | 'quarantine' | 'reject',
): Findings => ({ dmarc: { result, policy, domain: 'bad.example' } });
const modes = (senderAuthentication: Record<string, unknown>) => ({
  configuration: { senderAuthentication },
});

const strict = modes({ spf: 'reject', dmarc: 'reject' });
const spfRefused = '550 5.7.23 SPF validation failed';
const dmarcRefused = '550 5.7.1 Rejected by the DMARC policy of bad.example';
const later = '451 4.4.3 Name server not available, try again later';
const forwarders = (trustedForwarders: string[]) =>
  modes({ spf: 'reject', dmarc: 'reject', trustedForwarders });
const sealed = (result: 'pass' | 'fail', sealer: string): Findings => ({
  ...spf('fail'),
  arc: { result, sealer },
});

const rows: [given: World, findings: Findings, result: string, trust: string | undefined, why: string][] = [
  [strict, spf('pass'), 'accept', undefined, 'pass'],
  [strict, spf('fail'), spfRefused, 'untrusted', 'only fail is refused'],
  [strict, spf('softfail'), 'accept', 'softfail', 'softfail is a mark'],
  [strict, spf('permerror'), 'accept', undefined, 'a broken record is not a failure'],
  [strict, spf('temperror'), later, undefined, 'DNS failed where the result would refuse'],
  [{}, spf('fail'), 'accept', 'untrusted', 'tag is the default'],
  [{}, spf('temperror'), 'accept', undefined, 'DNS failed where the result only marks'],
  [modes({ spf: 'off' }), spf('fail'), 'accept', undefined, 'off'],
  [strict, dmarc('fail', 'reject'), dmarcRefused, 'untrusted', 'p=reject'],
  [strict, dmarc('fail', 'quarantine'), 'accept', 'untrusted', 'p=quarantine'],
  [strict, dmarc('fail', 'none'), 'accept', undefined, 'p=none asks for nothing'],
  [strict, dmarc('pass', 'reject'), 'accept', undefined, 'pass'],
  [strict, dmarc('temperror', 'none'), later, undefined, 'DNS failed'],
  [forwarders(['[192.0.2.1]']), spf('fail'), 'accept', undefined, 'a trusted host'],
  [forwarders(['lists.example']), sealed('pass', 'lists.example'), 'accept', undefined, 'a trusted sealer'],
  [forwarders(['lists.example']), sealed('fail', 'lists.example'), spfRefused, 'untrusted', 'a broken seal'],
  [forwarders(['lists.example']), sealed('pass', 'evil.example'), spfRefused, 'untrusted', 'another sealer'],
  [
    { ...forwarders(['lists.example']), dns: { 'ptr 192.0.2.1': 'down' } },
    spf('fail'),
    later,
    'untrusted',
    'a host name could save it',
  ],
];

test('what the results mean', async () => {
  for (const [given, findings, result, trust, why] of rows) {
    const judged = await judgeAuthentication(world(given), findings);
    const said = judged.verdict.outcome === 'accept' ? 'accept' : line(judged.verdict.reply);
    assert.equal(said, result, why);
    assert.equal(judged.trust, trust, why);
  }
});

const concerned: [given: World, concerns: boolean, why: string][] = [
  [{}, true, 'a stranger'],
  [{ auth: 'Jane Doe/Acme' }, false, 'who has logged in'],
  [{ dns: named('192.0.2.1', 'ws.acme.example') }, false, 'an internal peer'],
  [{ configuration: { relayEnforcement: { excludeHosts: ['[192.0.2.1]'] } } }, false, 'an excluded peer'],
  [modes({ spf: 'off', dkim: 'off', dmarc: 'off' }), false, 'all off'],
  [{ dns: { 'ptr 192.0.2.1': 'down' } }, true, 'an unknown host name only costs a look-up'],
];

test('whose mail is looked at', async () => {
  for (const [given, concerns, why] of concerned)
    assert.equal(await authenticationConcerns(world(given)), concerns, why);
  const down = world({ ...strict, dns: { 'ptr 192.0.2.1': 'down' } });
  await assert.rejects(authenticationConcerns(down), { name: 'DnsUnavailable' });
});

test('Authentication-Results: one result per method and signature', () => {
  const findings: Findings = {
    ...spf('pass'),
    dkim: [
      { result: 'pass', domain: 'bad.example', selector: 's1' },
      { result: 'fail', domain: 'other.example; dkim=pass', selector: 's2' },
    ],
    ...dmarc('pass', 'none'),
    arc: { result: 'pass', sealer: 'lists.example' },
  };
  assert.equal(
    authenticationResults(settingsOf({}), findings)?.replaceAll('\r\n', ''),
    'Authentication-Results: mail1.acme.example; spf=pass smtp.mailfrom=bad.example;' +
      ' dkim=pass header.d=bad.example header.s=s1;' +
      ' dkim=fail header.d=other.example??dkim=pass header.s=s2;' +
      ' dmarc=pass header.from=bad.example; arc=pass',
  );
  assert.match(authenticationResults(settingsOf({}), { dkim: [] }) ?? '', /; dkim=none$/);
  assert.equal(authenticationResults(settingsOf(modes({ spf: 'off' })), spf('pass')), undefined);
});
