/** Signatures are checked by another implementation, mailauth's. */
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { RelaxedBodyHash } from '../../../mail/relay/dkim-body.ts';
import { dkimSignature, readSigningKey } from '../../../mail/relay/dkim.ts';

const header = [
  'Received: by somebody',
  'From: Bob  Example\t<bob@acme.example>',
  'Subject: a long',
  '\tsubject  that goes on ',
  'To: anna@there.example',
  'X-Other: not signed',
  '',
  '',
].join('\r\n');

const bodies: readonly [body: string, relaxed: string, why: string][] = [
  ['', '', 'nothing'],
  ['\r\n\r\n', '', 'empty lines alone'],
  [' \t\r\n', '', 'blanks alone'],
  ['a', 'a\r\n', 'no line end'],
  ['a\r\n\r\n\r\n', 'a\r\n', 'empty lines at the end'],
  [' a \t b \r\n\r\nc\r\n', ' a b\r\n\r\nc\r\n', 'blanks'],
  ['a\rb\r\n', 'a\rb\r\n', 'a bare CR is text'],
];
for (const [body, relaxed, why] of bodies)
  test(`the relaxed form of ${JSON.stringify(body)}: ${why}`, () => {
    assert.equal(hash([Buffer.from(body)]), createHash('sha256').update(relaxed).digest('base64'));
  });

test('the hash is the same however the body is cut', () => {
  const part = fc.constantFrom(' ', '\t', '\r\n', '\r', 'a', 'bc');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), fc.nat(60), (parts, cut) => {
      const body = Buffer.from(parts.join(''));
      assert.equal(hash([body.subarray(0, cut), body.subarray(cut)]), hash([body]));
    }),
  );
});

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed25519 = generateKeyPairSync('ed25519');

for (const [kind, { privateKey, publicKey }] of [
  ['rsa', rsa],
  ['ed25519', ed25519],
] as const)
  for (const [body, , why] of bodies)
    test(`${kind} signature over ${why} verifies`, async () => {
      const signed = `${signature(privateKey, body)}\r\n${header}${body}`;
      assert.equal(await verdict(signed, kind, publicKey), 'pass');
    });

test('a second From, another subject or another body break the signature', async () => {
  const field = signature(rsa.privateKey, 'Hello\r\n');
  const broken = [
    `${field}\r\nFrom: eve@evil.example\r\n${header}Hello\r\n`,
    `${field}\r\n${header.replace('a long', 'a short')}Hello\r\n`,
    `${field}\r\n${header}Hello, world\r\n`,
  ];
  for (const message of broken) assert.notEqual(await verdict(message, 'rsa', rsa.publicKey), 'pass');
});

test('what is added on the way does not break it', async () => {
  const message = `Received: by another\r\n${signature(rsa.privateKey, 'Hello\r\n')}\r\nX-New: 1\r\n${header}Hello\r\n`;
  assert.equal(await verdict(message, 'rsa', rsa.publicKey), 'pass');
});

test('a key of another kind is no DKIM key', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  assert.throws(() => readSigningKey(pem), /RSA or Ed25519, not ec/);
  assert.throws(() => readSigningKey('geheim'));
});

test('no line of the field is long', () => {
  for (const line of signature(rsa.privateKey, '').split('\r\n')) assert.ok(line.length < 100, line);
});

function signature(key: KeyObject, body: string): string {
  const signer = { domain: 'acme.example', selector: 'one', key };
  return dkimSignature(signer, {
    header: Buffer.from(header),
    bodyHash: hash([Buffer.from(body)]),
    time: new Date(),
  });
}

function hash(chunks: readonly Buffer[]): string {
  const body = new RelaxedBodyHash();
  for (const chunk of chunks) body.update(chunk);
  return body.digest();
}

async function verdict(
  message: string,
  kind: 'rsa' | 'ed25519',
  key: KeyObject,
): Promise<string | undefined> {
  const der = key.export({ type: 'spki', format: 'der' });
  const p = (kind === 'rsa' ? der : der.subarray(-32)).toString('base64');
  const resolver = (name: string): Promise<string[][]> => {
    assert.equal(name, 'one._domainkey.acme.example');
    return Promise.resolve([[`v=DKIM1; k=${kind}; p=${p}`]]);
  };
  const { results } = await dkimVerify(Buffer.from(message), { resolver });
  return results[0]?.status.result;
}
