/**
 * Every kind of report, whole, as its golden file has it, and as Python's email parser (policy default) and mailparser
 * read it. After a change that is meant: `WRITE_GOLDEN=1 node --test test/mail/dsn/golden.test.ts`, and read the diff.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { simpleParser } from 'mailparser';
import { samples, type Sample } from './reports.ts';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

describe('golden reports', () => {
  for (const { name, bytes } of samples)
    test(name, () => {
      const file = here(`golden/${name}.eml`);
      if (process.env['WRITE_GOLDEN'] === '1') writeFileSync(file, bytes);
      assert.equal(bytes.toString('latin1'), readFileSync(file, 'latin1'));
    });
});

describe('every report', () => {
  for (const { name, bytes } of samples)
    test(`${name}: lines as RFC 5322 has them, and a mail program finds its words`, async () => {
      const text = bytes.toString('latin1');
      assert.doesNotMatch(text, /[^\r]\n|\r[^\n]/, 'CRLF only');
      assert.ok(text.split('\r\n').every((line) => line.length <= 998));
      if (name.endsWith('for-seven-bits')) assert.ok(bytes.every((byte) => byte < 128));
      assert.match((await simpleParser(bytes)).text ?? '', /^Your message/);
    });
});

interface Read {
  readonly type: string;
  readonly reportType: string;
  readonly subject: string;
  readonly autoSubmitted: string;
  readonly types: readonly string[];
  readonly words: string;
  readonly message: Readonly<Record<string, string>>;
  readonly recipients: readonly Readonly<Record<string, string>>[];
  readonly defects: readonly string[];
}

function pythonReads(): readonly Read[] | undefined {
  const input = JSON.stringify(samples.map(({ bytes }) => bytes.toString('base64')));
  const { error, status, stdout, stderr } = spawnSync('python3', [here('read-reports.py')], {
    input,
    encoding: 'utf8',
  });
  if (error !== undefined) return undefined;
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Read[];
}

const read = pythonReads();
const skip = read === undefined ? 'python3 is not installed here' : false;

function assertRead(found: Read, { name, recipients, types }: Sample): void {
  const global = types[1].includes('global');
  assert.equal(found.type, 'multipart/report');
  assert.equal(found.reportType, global ? 'global-delivery-status' : 'delivery-status');
  assert.deepEqual(found.types, types);
  assert.equal(found.autoSubmitted, 'auto-replied');
  // Python's parser names every address over ASCII so, also where RFC 6531 allows it.
  const expected =
    global && !name.endsWith('for-seven-bits') ? ['NonASCIILocalPartDefect', 'UndecodableBytesDefect'] : [];
  assert.deepEqual(found.defects, expected);
  assert.equal(found.message['Reporting-MTA'], 'dns; mail1.acme.example');
  assert.equal(found.recipients.length, recipients.length);
  for (const [n, { owes, orcpt, address }] of recipients.entries()) {
    const fields = found.recipients[n] ?? {};
    assert.equal(fields['Action'], owes);
    assert.match(fields['Status'] ?? '', owes === 'failed' ? /^5\./ : owes === 'delayed' ? /^4\./ : /^2\./);
    assert.equal('Original-Recipient' in fields, orcpt !== undefined);
    assert.equal('Will-Retry-Until' in fields, owes === 'delayed');
    if (/^[ -~]*$/.test(address)) assert.ok(fields['Final-Recipient']?.endsWith(`; ${address}`));
    assert.ok(found.words.includes(address), 'and the words name it');
  }
}

describe("Python's email parser reads", { skip }, () => {
  for (const [n, one] of samples.entries()) test(one.name, () => assertRead(read![n]!, one));
  test('what is international, as it was', () => {
    const at = (name: string): Read => read![samples.findIndex((one) => one.name === name)]!;
    assert.equal(at('international').recipients[0]?.['Final-Recipient'], 'utf-8; jürgen@müller.example');
    assert.equal(at('international').recipients[0]?.['Original-Recipient'], 'utf-8; jürgen@müller.example');
    const plain = at('international-recipient-of-an-ascii-message').recipients[0];
    assert.equal(plain?.['Final-Recipient'], String.raw`utf-8; j\x{FC}rgen@m\x{FC}ller.example`);
    assert.match(at('eight-bit-original').words, /Subject: Grüße/);
  });
});
