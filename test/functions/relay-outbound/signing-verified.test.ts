/** Our signatures before a second implementation: Debian's python3-dkim (with python3-nacl for Ed25519). */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { outboundDelivery } from '../../builders/outbound.ts';
import { lineTo } from '../../builders/outbound-line.ts';
import { smtpSink } from '../../builders/smtp-sink.ts';

/** Verifies the message on standard input, each signature by itself; the key's record is its argument. */
const program = `
import sys, dkim, nacl
record = sys.argv[1].encode()
verifier = dkim.DKIM(sys.stdin.buffer.read())
print(verifier.verify(idx=0, dnsfunc=lambda name, timeout=5: record))
`;

const python = ['/usr/bin/python3', 'python3'].find(
  (one) => spawnSync(one, ['-c', 'import dkim, nacl']).status === 0,
);

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed25519 = generateKeyPairSync('ed25519');
/** What TXT records hold (RFC 8463 section 4: the bare key, without its wrapping). */
const keys = {
  rsa: { ...rsa, record: `v=DKIM1; k=rsa; p=${der(rsa.publicKey).toString('base64')}` },
  ed25519: {
    ...ed25519,
    record: `v=DKIM1; k=ed25519; p=${der(ed25519.publicKey).subarray(-32).toString('base64')}`,
  },
};

const header = 'From: Bob  Example <bob@acme.example>\r\nTo: anna@there.example\r\n\tcarl@there.example\r\n';
const bodies: readonly [body: string, why: string][] = [
  [`${header}Subject: Hello\r\n\r\nHello,\r\n.a line with a dot\r\n`, 'a dot at the start of a line'],
  [
    `${header}Subject: Blanks  \t and folds\r\n\r\nends in blanks \t\r\n\r\n  two  \t blanks\r\n\r\n\r\n`,
    'blanks and empty lines',
  ],
  [`${header}Subject: Empty\r\n\r\n`, 'no body'],
  [`${header}Subject: Cut\r\n\r\nno line end`, 'a body without its last line end'],
  [
    `${header}Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nX-Raw: gr\u00fc\u00dfe\r\n\r\ngr\u00fc\u00dfe\r\n`,
    '8-bit text',
  ],
  [
    `${header}Subject: Long\r\n\r\n${'0123456789abcdef '.repeat(20_000)}\r\n`,
    'a long line in several chunks',
  ],
];

for (const algorithm of ['rsa', 'ed25519'] as const)
  for (const [body, why] of algorithm === 'rsa' ? bodies : bodies.slice(0, 2))
    test(`${algorithm} verifies: ${why}`, async (t) => {
      if (!installed(t)) return;
      const { privateKey, record } = keys[algorithm];
      const wire = await sent(body, privateKey);
      assert.equal(verdict(wire, record), 'True');
      const changed = wire.toString('latin1').replace('Bob', 'Eve');
      assert.equal(verdict(Buffer.from(changed, 'latin1'), record), 'False', 'it can fail');
    });

function installed(t: TestContext): boolean {
  if (python === undefined) t.skip('python3-dkim and python3-nacl are not installed');
  return python !== undefined;
}

async function sent(body: string, key: KeyObject): Promise<Buffer> {
  await using sink = await smtpSink();
  const secrets = { dkim: key.export({ type: 'pkcs8', format: 'pem' }).toString() };
  const configuration = { dkimSigning: [{ domain: 'acme.example', selector: 'one', secret: 'dkim' }] };
  await using line = lineTo(`[127.0.0.1]:${sink.port}`, { configuration, secrets, body });
  const size = Buffer.byteLength(body);
  await line.send(outboundDelivery({ sign: 'acme.example', size }));
  return (await sink.received(1))[0]!.body;
}

function verdict(message: Buffer, record: string): string {
  const { stdout, stderr } = spawnSync(python!, ['-c', program, record], { input: message });
  return stdout.toString().trim() || stderr.toString();
}

function der(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}
