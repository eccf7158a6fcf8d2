import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dnsResolver } from '../../aws/resolver.ts';
import { domainFindings, hostFindings, ownDomains, type Finding } from '../../cli/dns-findings.ts';
import type { Settings } from '../../mail/directory/settings.ts';
import { validate } from '../../mail/document/validate.ts';
import { dnsServer, type Records, type Zone } from '../builders/dns-server.ts';

function settingsWith(configuration: object): Settings {
  const server = validate('Server', {
    form: 'Server',
    name: 'Mail1/Acme',
    hostName: 'mail1.acme.example',
    domain: 'ACME',
  });
  const written = validate('Configuration', { form: 'Configuration', name: '*', ...configuration });
  const domain = {
    form: 'GlobalDomain',
    name: 'Acme',
    primaryDomain: 'acme.example',
    aliases: ['acme.test', '*.acme.test'],
  };
  return {
    version: '1',
    server: server.document!,
    servers: [server.document!],
    configuration: written.document!,
    globalDomains: [validate('GlobalDomain', domain).document!],
    foreignSmtpDomains: [],
    connections: [],
    groups: {},
    people: {},
  };
}

const settings = settingsWith({ dkimSigning: [{ domain: 'acme.example', selector: 's1', secret: 'dkim' }] });

const txt = (text: string): Records => ({ txt: [text] });
const well: Zone = {
  'acme.example': { mx: [[10, 'mail1.acme.example']], txt: ['v=spf1 mx -all', 'other'] },
  's1._domainkey.acme.example': txt('v=DKIM1; p=MIIB'),
  '_dmarc.acme.example': txt('v=DMARC1; p=reject'),
  '_mta-sts.acme.example': txt('v=STSv1; id=7'),
  'mta-sts.acme.example': { a: ['192.0.2.8'] },
  '_smtp._tls.acme.example': txt('v=TLSRPTv1; rua=mailto:x@acme.example'),
  'mail1.acme.example': { a: ['192.0.2.7'] },
  '7.2.0.192.in-addr.arpa': { ptr: ['mail1.acme.example'] },
};

async function findings(zone: Zone, of: Settings = settings): Promise<Finding[]> {
  await using dns = await dnsServer(zone);
  const world = { settings: of, resolver: dnsResolver({ servers: [dns.address], timeoutMs: 500, tries: 1 }) };
  return [...(await domainFindings(world, 'acme.example')), ...(await hostFindings(world))];
}

test('own domains are primary domains and aliases, without patterns', () => {
  assert.deepEqual(ownDomains(settings), ['acme.example', 'acme.test']);
});

test('all is well', async () => {
  const found = await findings(well);
  assert.deepEqual(
    found.map(({ check, ok, advice }) => [check, ok, advice]),
    ['MX', 'SPF', 'DKIM', 'DMARC', 'MTA-STS', 'TLS-RPT', 'A', 'PTR'].map((check) => [check, true, '']),
  );
});

test('nothing is there: every finding says what to write', async () => {
  const found = await findings({});
  assert.ok(found.every(({ ok, advice }) => !ok && advice !== ''));
});

test('each thing that is wrong', async () => {
  const cases: [string, Zone, string, RegExp][] = [
    [
      'mail goes elsewhere',
      { 'acme.example': { mx: [[10, 'mx.other.example']] } },
      'MX',
      /IN MX 10 mail1\.acme\.example/,
    ],
    ['two SPF records', { 'acme.example': { txt: ['v=spf1 -all', 'v=spf1 mx -all'] } }, 'SPF', /Keep one/],
    ['SPF for everybody', { 'acme.example': txt('v=spf1 +all') }, 'SPF', /the whole world/],
    ['a key revoked', { 's1._domainkey.acme.example': txt('v=DKIM1; p=') }, 'DKIM', /s1\._domainkey/],
    [
      'DMARC without a policy',
      { '_dmarc.acme.example': txt('v=DMARC1; rua=mailto:a@b.example') },
      'DMARC',
      /p=none/,
    ],
    ['no host for the policy', { 'mta-sts.acme.example': {} }, 'MTA-STS', /has no address/],
    ['TLS-RPT to nobody', { '_smtp._tls.acme.example': txt('v=TLSRPTv1;') }, 'TLS-RPT', /rua=mailto/],
    ['another PTR', { '7.2.0.192.in-addr.arpa': { ptr: ['x.isp.example'] } }, 'PTR', /PTR of 192\.0\.2\.7/],
    ['no answer', { 'acme.example': 'SERVFAIL' }, 'MX', /when the name server answers/],
  ];
  for (const [reason, zone, check, advice] of cases) {
    const found = (await findings({ ...well, ...zone })).find((one) => one.check === check);
    assert.equal(found?.ok, false, reason);
    assert.match(found?.advice ?? '', advice, reason);
  }
});

test('a domain that nobody signs for, and the record that Amazon SES needs', async () => {
  const found = await findings(
    { ...well, 'acme.example': {} },
    settingsWith({ routing: { relayHost: 'ses' } }),
  );
  assert.match(found.find(({ check }) => check === 'DKIM')?.advice ?? '', /dns dkim-key acme\.example/);
  assert.match(found.find(({ check }) => check === 'SPF')?.advice ?? '', /include:amazonses\.com/);
});
