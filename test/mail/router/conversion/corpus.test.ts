/**
 * Conversion over 300 messages as they really come: exactly the intended fields change, and to the intended addresses; the
 * body's hash never; and other readers, mailparser and Python's, find those addresses in what leaves.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { simpleParser } from 'mailparser';
import { editedSize, editHeader } from '../../../../mail/envelope/apply-edits.ts';
import { bodyOf, headerEnd, splitHeader, type HeaderBlock } from '../../../../mail/envelope/header.ts';
import { parseMailboxList } from '../../../../mail/address/mailbox-list.ts';
import { convertedFields, convertHeader } from '../../../../mail/router/conversion/convert-header.ts';
import { conversionRules } from '../../../../mail/router/conversion/rules.ts';
import { corpus, corpusSize, type CorpusMessage } from '../../../corpus/corpus.ts';
import { routerWorld } from '../world.ts';

const { settings, directory } = routerWorld({
  people: [
    {
      name: 'Jane Doe/Sales/Acme',
      internetAddress: 'jane@acme.example',
      shortNames: ['jdoe'],
      lastName: 'Doe',
      userNames: ['jane.d@acme.example'],
    },
    { name: 'Max Moritz/Acme', internetAddress: 'max@acme.example', lastName: 'Moritz' },
  ],
  domains: [{ name: 'Acme', primaryDomain: 'acme.example', dominoDomains: ['ACME'] }],
});

/** A message and what leaves of it. */
interface Converted {
  readonly message: CorpusMessage;
  readonly before: HeaderBlock;
  readonly after: HeaderBlock;
  readonly changed: number;
}

const converted: Converted[] = [];
before(async () => {
  for (const message of corpus()) converted.push(await convert(message));
});

/** The whole way: edits from the header block, applied to the message as it streams by, in pieces of any size. */
async function convert(message: CorpusMessage): Promise<Converted> {
  const { bytes, smtpUtf8 } = message;
  const end = headerEnd(bytes);
  const given = splitHeader(bytes.subarray(0, end));
  const context = { settings, directory, rules: conversionRules(settings), smtpUtf8 };
  const { edits } = await convertHeader(given, context);
  const pieces = [bytes.subarray(0, 100), bytes.subarray(100, end + 3), bytes.subarray(end + 3)];
  const left = await buffer(Readable.from(pieces.filter(({ length }) => length > 0)).pipe(editHeader(edits)));
  assert.equal(left.length, editedSize(bytes.length, edits), `${message.name}: the size is known beforehand`);
  const leftEnd = headerEnd(left);
  assert.equal(sha256(left.subarray(leftEnd)), sha256(bytes.subarray(end)), `${message.name}: the body`);
  const after = splitHeader(Buffer.from(left.subarray(0, leftEnd)));
  return { message, before: given, after, changed: edits.length };
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const isSenders = (name: string): boolean =>
  convertedFields.some((one) => one.toLowerCase() === name.toLowerCase());

function fieldTexts({ bytes, fields }: HeaderBlock): { name: string; text: string }[] {
  return fields.map(({ name, start, end }) => ({ name, text: bytes.toString('latin1', start, end) }));
}

test('every message: the intended fields change, every other field stays byte for byte', () => {
  assert.equal(converted.length, corpusSize);
  for (const { message, before: given, after, changed } of converted) {
    const intended = message.senders.filter(({ becomes }) => becomes !== undefined).length;
    assert.equal(changed, intended, `${message.name}: as many edits as intended`);
    const [was, is] = [fieldTexts(given), fieldTexts(after)];
    assert.deepEqual(
      is.map(({ name }) => name),
      was.map(({ name }) => name),
      `${message.name}: the same fields in the same order`,
    );
    let n = 0;
    for (const [at, { name, text }] of was.entries()) {
      const becomes = isSenders(name) ? message.senders[n++]?.becomes : undefined;
      if (becomes === undefined) assert.equal(is[at]?.text, text, `${message.name}: ${name} stays`);
      else assert.deepEqual(addressesIn(after, at), becomes, `${message.name}: ${name}`);
    }
  }
});

function addressesIn(block: HeaderBlock, at: number): string[] {
  const list = parseMailboxList(bodyOf(block, block.fields[at]!));
  assert.ok(list.ok);
  return list.value.map(({ text }) => text);
}

test('the corpus holds what it should: enough that changes, enough that does not, one of 30 MB', () => {
  const changing = converted.filter(({ changed }) => changed > 0).length;
  assert.ok(changing > 150 && changing < 250, String(changing));
  assert.equal(converted.filter(({ message }) => message.bytes.length > 30 * 1024 * 1024).length, 1);
  for (const word of [
    'DKIM-Signature',
    'pkcs7-signature',
    'pkcs7-mime',
    '8bit',
    'ISO-2022-JP',
    'no field at all',
  ])
    assert.ok(converted.filter(({ message }) => message.bytes.includes(word)).length >= 5, word);
});

/** What a reader must find where something changed: the addresses of each field, in order. */
function expectedOf({ senders }: CorpusMessage, name: string): readonly string[] | undefined {
  return senders.find(({ field }) => field.toLowerCase().startsWith(`${name}:`))?.becomes;
}

test('changed fields are written in ASCII unless the message is international, in lines that are short enough', () => {
  for (const { message, after } of converted)
    for (const { name, text } of fieldTexts(after)) {
      if (!isSenders(name) || expectedOf(message, name.toLowerCase()) === undefined) continue;
      if (!message.smtpUtf8) assert.match(text, /^[\t\r\n -~]*$/, `${message.name}: ${name}`);
      assert.ok(text.split('\r\n').every((line) => line.length <= 998));
    }
});

/** Readers meet lines that are no fields each in their own way: they end the header there, or skip them. */
const readable = (): Converted[] => converted.filter(({ message }) => !message.broken);

test('mailparser finds the addresses', async () => {
  for (const { message, after } of readable()) {
    const mail = await simpleParser(after.bytes);
    const expected = expectedOf(message, 'from');
    const found = mail.from?.value.flatMap(
      ({ address, group }) => group?.map((one) => one.address) ?? [address],
    );
    if (expected !== undefined) assert.deepEqual(found, expected, message.name);
  }
});

const script = `
import base64, email, email.policy, json, sys
def read(encoded):
    message = email.message_from_bytes(base64.b64decode(encoded), policy=email.policy.default)
    names = ["from", "sender", "reply-to"]
    fields = {name: message[name] for name in names if message[name] is not None}
    return {name: {"addresses": [one.addr_spec for one in field.addresses],
                   "defects": [type(one).__name__ for one in field.defects]} for name, field in fields.items()}
json.dump([read(one) for one in json.load(sys.stdin)], sys.stdout)
`;
type Read = Readonly<Record<string, { readonly addresses: string[]; readonly defects: string[] }>>;

const python = spawnSync('python3', ['--version']).error === undefined;

describe("Python's email parser", { skip: python ? false : 'python3 is not installed here' }, () => {
  test('finds the addresses, and no defect in a field that was changed', () => {
    const given = readable();
    const input = JSON.stringify(given.map(({ after }) => after.bytes.toString('base64')));
    const run = spawnSync('python3', ['-c', script], { input, encoding: 'utf8', maxBuffer: 1 << 26 });
    assert.equal(run.status, 0, run.stderr);
    for (const [n, read] of (JSON.parse(run.stdout) as Read[]).entries()) {
      const { message, after } = given[n]!;
      // Octets of an unknown charset are said to be that (RFC 1428), and Python agrees.
      const unknown = after.bytes.includes('=?unknown-8bit?') ? ['UndecodableBytesDefect'] : [];
      for (const [name, { addresses, defects }] of Object.entries(read)) {
        const expected = expectedOf(message, name);
        if (expected === undefined) continue;
        assert.deepEqual(addresses, expected, `${message.name}: ${name}`);
        const allowed = defects.filter((one) => !unknown.includes(one));
        if (!message.smtpUtf8) assert.deepEqual(allowed, [], `${message.name}: ${name}`);
      }
    }
  });
});
