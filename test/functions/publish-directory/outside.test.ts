import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fullPass } from '../../../functions/publish-directory/full-pass.ts';
import { outsideWarnings, type OutsideDoors } from '../../../functions/publish-directory/outside.ts';
import { publish, type Publisher } from '../../../functions/publish-directory/publish.ts';
import { validate } from '../../../mail/document/validate.ts';
import { DnsUnavailable } from '../../../mail/relay/doors.ts';
import { configuration, server, startHarness, type Harness } from './harness.ts';

const answers: Record<string, string[] | Error> = {
  '2.0.0.127.good.example': ['127.0.0.2'],
  '2.0.0.127.parked.example': ['192.0.2.80'],
  '2.0.0.127.unreached.example': new DnsUnavailable('nobody answers'),
};
const faults: string[] = [];
const doors: OutsideDoors = {
  directSending: true,
  mxPort: 25,
  resolver: {
    addresses(name) {
      const answer = answers[name] ?? [];
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  },
  hasSecret: (name) =>
    name === 'broken' ? Promise.reject(new Error('throttled')) : Promise.resolve(name === 'relay'),
  onFault: (what) => void faults.push(what),
  patienceMs: 50,
};

async function warned(fields: object, changed: Partial<OutsideDoors> = {}): Promise<string[]> {
  const { document, problems } = validate('Configuration', { name: '*', ...fields });
  assert.ok(document !== undefined, problems.join('\n'));
  return outsideWarnings({ ...doors, ...changed }).warnings('Configuration', document);
}

const noAnswer = (field: string, site: string): string =>
  `${field}: "${site}" does not answer for its test entry (2.0.0.127.${site} is to be 127.0.0.2), so it lists nobody; correct the name, or ask who runs the list`;
const noSecret = (field: string, secret: string): string =>
  `${field}: there is no secret named "${secret}"; make it, or correct the name`;

const rows: [fields: object, warnings: string[], why: string][] = [
  [{}, [], 'nothing is outside'],
  [{ dnsBlacklist: { enabled: true, sites: ['good.example'] } }, [], 'a list that works'],
  [{ dnsBlacklist: { sites: ['gone.example'] } }, [], 'a list that is off'],
  [
    { dnsBlacklist: { enabled: true, sites: ['good.example', 'gone.example'] } },
    [noAnswer('dnsBlacklist.sites[1]', 'gone.example')],
    'no such name',
  ],
  [
    { dnsWhitelist: { enabled: true, sites: ['parked.example', 'unreached.example'] } },
    [
      noAnswer('dnsWhitelist.sites[0]', 'parked.example'),
      noAnswer('dnsWhitelist.sites[1]', 'unreached.example'),
    ],
    'an address that is no listing; DNS that does not answer',
  ],
  [{ routing: { relayHostCredentials: 'relay' } }, [], 'a secret that is there'],
  [
    {
      routing: { relayHostCredentials: 'other', relayHostClientCertificate: 'pem' },
      dkimSigning: [{ domain: 'acme.example', selector: 's1', secret: 'dkim' }],
    },
    [
      noSecret('routing.relayHostCredentials', 'other'),
      noSecret('routing.relayHostClientCertificate', 'pem'),
      noSecret('dkimSigning[0].secret', 'dkim'),
    ],
    'secrets that nobody made',
  ],
  [
    { routing: { relayHostCredentials: 'broken' } },
    [],
    'Secrets Manager cannot be asked: nothing is claimed',
  ],
];

describe('warnings of what lies outside the directory', () => {
  for (const [fields, warnings, why] of rows)
    test(why, async () => assert.deepEqual(await warned(fields), warnings));

  test('a fault is told', () => assert.deepEqual(faults, ['A secret could not be looked up.']));

  test('who never answers holds up nothing', async () => {
    const never = new Promise<never>(() => undefined);
    const fields = {
      dnsBlacklist: { enabled: true, sites: ['slow.example'] },
      routing: { relayHostCredentials: 'slow' },
    };
    assert.deepEqual(await warned(fields, { resolver: { addresses: () => never }, hasSecret: () => never }), [
      noAnswer('dnsBlacklist.sites[0]', 'slow.example'),
    ]);
  });

  test('routes that need direct sending are told where it is not deployed', async () => {
    const fields = { routing: { smtpOutsideLocalDomain: true } };
    assert.deepEqual(await warned(fields), []);
    const [warning, ...more] = await warned(fields, { directSending: false });
    assert.match(
      warning ?? '',
      /^routing\.relayHost: is empty, so that mail for other domains goes to their MX/,
    );
    assert.deepEqual(more, []);
  });
});

describe('in the item', () => {
  let harness: Harness;
  let publisher: Publisher;
  const secrets = new Set<string>();
  before(async () => {
    harness = await startHarness();
    const hasSecret = (name: string): Promise<boolean> => Promise.resolve(secrets.has(name));
    publisher = { ...harness.publisher, outside: outsideWarnings({ ...doors, hasSecret }) };
  });
  after(() => harness.stop());

  const marks = async () => (await harness.item('Configuration', '*'))?.marks;
  const document = { ...configuration, routing: { relayHostCredentials: 'relay' } };

  test('they stand beside publishedAt, and block nothing', async () => {
    await harness.put(server, document);
    await publish(publisher, [server, document]);
    assert.deepEqual((await marks())?.warnings, [noSecret('routing.relayHostCredentials', 'relay')]);
    assert.equal((await harness.settings())?.configuration.routing.relayHostCredentials, 'relay');
  });

  test('publishing others, and the full pass, leave them as they are', async () => {
    const before = await marks();
    const other = { ...server, greeting: 'Hello' };
    await harness.put(other);
    await publish(publisher, [other, document]);
    await fullPass(publisher);
    assert.deepEqual(await marks(), before);
  });

  test('the full pass takes them away once the secret is there', async () => {
    secrets.add('relay');
    await fullPass(publisher);
    assert.equal((await marks())?.warnings, undefined);
    assert.match((await marks())?.publishedAt ?? '', /^20/);
  });

  test('a put asks at once, also one that changes nothing', async () => {
    secrets.delete('relay');
    for (const warnings of [[noSecret('routing.relayHostCredentials', 'relay')], undefined]) {
      await harness.put(document);
      await publish(publisher, [document]);
      assert.deepEqual((await marks())?.warnings, warnings);
      secrets.add('relay');
    }
  });
});
