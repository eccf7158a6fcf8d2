/** Rare signed calls: the counters of a deployed stack from CloudWatch, the listener's certificate from ACM, both scripted. */
import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { counterOf, countedToday } from '../../aws/counted.ts';
import { exportedCertificate } from '../../aws/exported-certificate.ts';
import { type Answer, type Asked, scriptedService } from '../builders/scripted-service.ts';
import { authority, issued } from '../builders/certificates.ts';

const client = {
  config: {
    region: () => Promise.resolve('eu-central-1'),
    credentials: () =>
      Promise.resolve({ accessKeyId: 'key', secretAccessKey: 'secret', sessionToken: 'token' }),
  },
};

/** Under the variable by which the SDK's clients would find it. */
async function scripted(
  t: TestContext,
  variable: string,
  script: (asked: Asked) => Answer,
): Promise<readonly Asked[]> {
  const { url, asked } = await scriptedService(t, script);
  process.env[variable] = url;
  t.after(() => delete process.env[variable]);
  return asked;
}

const metric = (MetricName: string, service: string) => ({
  Namespace: 'postern',
  MetricName,
  Dimensions: [{ Name: 'service', Value: service }],
});
const known = [
  metric('Accepted', 'listener'),
  metric('Refused.relay', 'listener'),
  metric('Deferred', 'relay-outbound'),
  metric('Deferred', 'deliver-to-mailbox'),
  metric('AcceptToSettle', 'relay-outbound'),
];

test('counters are the sums of today, over components and pages; a time is none', async (t) => {
  const values = [[2, 3], [1], [4], [5], []];
  const asked = await scripted(t, 'AWS_ENDPOINT_URL_CLOUDWATCH', ({ target, input }) => {
    if (target.endsWith('ListMetrics'))
      return input['NextToken'] === undefined
        ? { body: { Metrics: known.slice(0, 2), NextToken: 'more' } }
        : { body: { Metrics: known.slice(2) } };
    return { body: { MetricDataResults: values.map((Values, n) => ({ Id: `m${n}`, Values })) } };
  });
  const now = new Date('2026-11-22T13:14:15Z');
  const counted = await countedToday({ client, namespace: 'postern', now });
  assert.deepEqual(counted, { Accepted: 5, 'Refused.relay': 1, Deferred: 9 });
  assert.deepEqual(
    asked.map(({ target }) => target.replace('GraniteServiceVersion20100801.', '')),
    ['ListMetrics', 'ListMetrics', 'GetMetricData'],
  );
  const { StartTime, EndTime, MetricDataQueries } = asked[2]!.input;
  assert.equal(StartTime, Date.parse('2026-11-22T00:00:00Z') / 1000);
  assert.ok(Number(EndTime) > now.getTime() / 1000);
  const [first] = MetricDataQueries as object[];
  assert.deepEqual(first, {
    Id: 'm0',
    MetricStat: { Metric: known[0], Period: 3600, Stat: 'Sum', Unit: 'Count' },
  });
  assert.match(
    asked[0]!.authorization,
    /^AWS4-HMAC-SHA256 Credential=key\/\d{8}\/eu-central-1\/monitoring\//,
  );
});

test('a counter is named as a local run names it', () => {
  assert.equal(counterOf('Refused.unknown-user'), 'refused.unknown-user');
});

test('what the service refuses is thrown with its sentence', async (t) => {
  const body = { __type: 'AccessDenied', message: 'not authorized to perform: cloudwatch:ListMetrics' };
  await scripted(t, 'AWS_ENDPOINT_URL_CLOUDWATCH', () => ({ status: 403, body }));
  await assert.rejects(
    countedToday({ client, namespace: 'postern', now: new Date() }),
    /^Error: ListMetrics was answered with 403: not authorized to perform: cloudwatch:ListMetrics$/,
  );
});

const arn = 'arn:aws:acm:eu-west-1:123456789012:certificate/0a1b2c3d-0000-4000-8000-000000000000';

/** As ACM does it: the key encrypted with the passphrase of the call. */
const exported = ({ input }: Asked): Answer => {
  const passphrase = Buffer.from(String(input['Passphrase']), 'base64').toString('latin1');
  const PrivateKey = createPrivateKey(issued.key).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase,
  });
  return { body: { Certificate: issued.cert, CertificateChain: authority, PrivateKey } };
};

test('an exported certificate is key, certificate and chain in clear PEM', async (t) => {
  const asked = await scripted(t, 'AWS_ENDPOINT_URL_ACM', exported);
  const pem = await exportedCertificate({ client, arn, clock: () => new Date() })();
  const [certificate = '', chain = ''] = pem.match(/-----BEGIN CERT.*?-----END CERTIFICATE-----/gs) ?? [];
  assert.ok(new X509Certificate(certificate).checkPrivateKey(createPrivateKey(pem)));
  assert.ok(new X509Certificate(certificate).checkIssued(new X509Certificate(chain)));
  assert.equal(asked[0]?.target, 'CertificateManager.ExportCertificate');
  assert.equal(asked[0]?.input['CertificateArn'], arn);
  assert.match(asked[0].authorization, /\/eu-west-1\/acm\/aws4_request/, 'in the region of the certificate');
});

test('it is asked for twice a day, under another passphrase, and at once after a failure', async (t) => {
  let failing = true;
  const failure = { status: 400, body: { message: 'Certificate is not yet issued' } };
  const asked = await scripted(t, 'AWS_ENDPOINT_URL_ACM', (one) => (failing ? failure : exported(one)));
  let at = new Date('2026-11-22T00:00:00Z');
  const given = exportedCertificate({ client, arn, clock: () => at });
  await assert.rejects(given, /ExportCertificate was answered with 400: Certificate is not yet issued/);
  failing = false;
  await given();
  at = new Date('2026-11-22T11:59:00Z');
  await given();
  assert.equal(asked.length, 2);
  at = new Date('2026-11-22T12:00:00Z');
  await given();
  assert.equal(asked.length, 3);
  assert.equal(new Set(asked.map(({ input }) => input['Passphrase'])).size, 3);
});
