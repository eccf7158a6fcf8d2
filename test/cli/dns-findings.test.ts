import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { dnsResolver } from '../../aws/resolver.ts';
import { domainFindings, hostFindings, ownDomains } from '../../cli/dns-findings.ts';
import type { Finding } from '../../cli/dns-world.ts';
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

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const short = generateKeyPairSync('rsa', { modulusLength: 512 });
const ed25519 = generateKeyPairSync('ed25519');
type Pair = typeof rsa;

function recordOf({ publicKey }: Pair): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const isRsa = publicKey.asymmetricKeyType === 'rsa';
  return `v=DKIM1; k=${publicKey.asymmetricKeyType}; p=${(isRsa ? der : der.subarray(-32)).toString('base64')}`;
}

function pemOf({ privateKey }: Pair): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

const txt = (text: string): Records => ({ txt: [text] });
const well: Zone = {
  'acme.example': { mx: [[10, 'mail1.acme.example']], txt: ['v=spf1 mx -all', 'other'] },
  's1._domainkey.acme.example': txt(recordOf(rsa)),
  '_dmarc.acme.example': txt('v=DMARC1; p=reject'),
  '_mta-sts.acme.example': txt('v=STSv1; id=7'),
  'mta-sts.acme.example': { a: ['192.0.2.8'] },
  '_smtp._tls.acme.example': txt('v=TLSRPTv1; rua=mailto:x@acme.example'),
  'mail1.acme.example': { a: ['192.0.2.7'] },
  '7.2.0.192.in-addr.arpa': { ptr: ['mail1.acme.example'] },
};

const policy = 'version: STSv1\nmode: enforce\nmx: mail1.acme.example\nmax_age: 604800\n';

interface Beside {
  readonly policy?: string | Error;
  readonly secret?: string | Error | undefined;
}

const given = <T>(value: T | Error): Promise<T> =>
  value instanceof Error ? Promise.reject(value) : Promise.resolve(value);

async function findings(zone: Zone, of: Settings = settings, beside: Beside = {}): Promise<Finding[]> {
  await using dns = await dnsServer(zone);
  const secret = 'secret' in beside ? beside.secret : pemOf(rsa);
  const world = {
    settings: of,
    resolver: dnsResolver({ servers: [dns.address], timeoutMs: 5_000, tries: 1 }),
    policyHost: { read: () => given(beside.policy ?? policy) },
    secret: () => given(secret),
  };
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

test('a null MX is shown as one writes it', async () => {
  const found = await findings({ 'acme.example': { mx: [[0, '.']] } });
  assert.equal(found.find(({ check }) => check === 'MX')?.found, '0 .');
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
    [
      'SPF without our own address, which sends',
      { 'acme.example': { mx: [[10, 'mail1.acme.example']], txt: ['v=spf1 ip4:203.0.113.1 -all'] } },
      'SPF',
      /leaves from 192\.0\.2\.7, for which this says fail: add ip4:192\.0\.2\.7/,
    ],
    [
      'SPF that cannot be read',
      { 'acme.example': { mx: [[10, 'mail1.acme.example']], txt: ['v=spf1 ip9:1 -all'] } },
      'SPF',
      /permanent error/,
    ],
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

const besides: readonly (readonly [
  why: string,
  Zone,
  Beside,
  check: string,
  advice: RegExp | '',
  said: RegExp,
])[] = [
  [
    'the policy names another host',
    {},
    { policy: policy.replace('mail1', 'mx9') },
    'MTA-STS',
    /write "mx: mail1\.acme\.example" there, then a new id/,
    /mode enforce, mx mx9/,
  ],
  [
    'the policy names all below',
    {},
    { policy: policy.replace('mail1', '*') },
    'MTA-STS',
    '',
    /\*\.acme\.example/,
  ],
  [
    'a policy that is none',
    {},
    { policy: 'Hello' },
    'MTA-STS',
    /Correct the policy at https:\/\/mta-sts\.acme\.example\//,
    /version is not STSv1/,
  ],
  [
    'a web server that fails',
    {},
    { policy: new Error('its host answers 404') },
    'MTA-STS',
    /Serve the policy at .* certificate for mta-sts\.acme\.example/,
    /404/,
  ],
  ['taken back', {}, { policy: policy.replace('enforce', 'none') }, 'MTA-STS', '', /mode none/],
  ['a record without id', { '_mta-sts.acme.example': txt('v=STSv1') }, {}, 'MTA-STS', /with an id/, /STSv1/],
  ['the key of the secret', {}, {}, 'DKIM', '', /the key of the secret "dkim"/],
  [
    'an Ed25519 key',
    { 's1._domainkey.acme.example': txt(recordOf(ed25519)) },
    { secret: pemOf(ed25519) },
    'DKIM',
    '',
    /dkim/,
  ],
  [
    'another key',
    {},
    { secret: pemOf(ed25519) },
    'DKIM',
    /not the key that signs \(secret "dkim"\).* Write s1\._domainkey\.acme\.example\. IN TXT "v=DKIM1; k=ed25519; p=/,
    /p=/,
  ],
  ['no such secret', {}, { secret: undefined }, 'DKIM', /There is no secret "dkim"/, /p=/],
  ['a secret that is no key', {}, { secret: 'geheim' }, 'DKIM', /no PEM private key/, /^(?!.*geheim)/],
  [
    'secrets that may not be read',
    {},
    { secret: new Error('AccessDenied') },
    'DKIM',
    '',
    /not compared: the secret "dkim" may not be read from here/,
  ],
  [
    'nothing published yet',
    { 's1._domainkey.acme.example': {} },
    {},
    'DKIM',
    /Write s1\._domainkey\.acme\.example\. IN TXT "v=DKIM1; k=rsa; p=MII/,
    /^$/,
  ],
  [
    'a key for something else',
    { 's1._domainkey.acme.example': txt(`${recordOf(rsa)}; s=tlsrpt`) },
    {},
    'DKIM',
    /leave s= out/,
    /p=/,
  ],
  [
    'a short key',
    { 's1._domainkey.acme.example': txt(recordOf(short)) },
    { secret: pemOf(short) },
    'DKIM',
    /under 1024 bits/,
    /p=/,
  ],
];
for (const [why, zone, beside, check, advice, said] of besides)
  test(`${check}: ${why}`, async () => {
    const found = (await findings({ ...well, ...zone }, settings, beside)).find((one) => one.check === check);
    assert.equal(found?.ok, advice === '', found?.advice);
    assert.match(found?.advice ?? '', advice === '' ? /^$/ : advice);
    assert.match(found?.found ?? '', said);
  });

test('a domain that nobody signs for, and the record that Amazon SES needs', async () => {
  const found = await findings(
    { ...well, 'acme.example': {} },
    settingsWith({ routing: { relayHost: 'ses' } }),
  );
  assert.match(found.find(({ check }) => check === 'DKIM')?.advice ?? '', /dns dkim-key acme\.example/);
  assert.match(found.find(({ check }) => check === 'SPF')?.advice ?? '', /include:amazonses\.com/);
});
