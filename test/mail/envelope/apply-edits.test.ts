import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyEdits, editedSize, editHeader } from '../../../mail/envelope/apply-edits.ts';
import type { HeaderEdit } from '../../../mail/envelope/header-edits.ts';
import { headerEnd, splitHeader } from '../../../mail/envelope/header.ts';

const header = Buffer.from('Return-Path: <x>\r\nTo: a\r\nTo: b,\r\n c\r\nFrom: d\r\n\r\n');

test('prepends stand in list order, the last one on top; fields are counted in the stored header', () => {
  const edits: HeaderEdit[] = [
    { op: 'prepend', field: 'Received: one' },
    { op: 'drop', name: 'return-path', n: 1, length: 18 },
    { op: 'replace', name: 'To', n: 2, field: 'To: e', length: 12 },
    { op: 'prepend', field: 'Return-Path: <y>' },
  ];
  assert.equal(
    applyEdits(header, edits).toString(),
    'Return-Path: <y>\r\nReceived: one\r\nTo: a\r\nTo: e\r\nFrom: d\r\n\r\n',
  );
  assert.equal(editedSize(header.length, edits), applyEdits(header, edits).length);
});

test('an edit of a field that is not there does nothing', () => {
  assert.deepEqual(applyEdits(header, [{ op: 'drop', name: 'Cc', n: 1, length: 9 }]), header);
});

test('a message of one empty line, or without one, takes prepended fields', async () => {
  const edits: HeaderEdit[] = [{ op: 'prepend', field: 'A: b' }];
  assert.equal(await edited(Buffer.from('\r\nbody'), edits, 1), 'A: b\r\n\r\nbody');
  assert.equal(await edited(Buffer.from('To: x\r\n'), edits, 3), 'A: b\r\nTo: x\r\n');
  assert.equal(await edited(Buffer.alloc(0), edits, 1), 'A: b\r\n');
});

test('a header that never ends fails the stream', async () => {
  await assert.rejects(
    edited(Buffer.alloc(300 * 1024, 0x61), [], 65_536),
    /does not end within 262144 bytes/,
  );
});

const fieldLine = fc.constantFrom('To: a', 'to:b', 'Subject: c\r\n d', 'junk', 'X-Y: ', 'Received: z');
const messages = fc.record({
  lines: fc.array(fieldLine, { maxLength: 8 }),
  body: fc.uint8Array({ maxLength: 300 }),
  chunk: fc.integer({ min: 1, max: 40 }),
});

test('no edits are the identity, however the bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(messages, async ({ lines, body, chunk }) => {
      const bytes = messageOf(lines, body);
      assert.equal(await edited(bytes, [], chunk), bytes.toString('latin1'));
    }),
  );
});

test('edits never touch the body, and sizes are foretold', async () => {
  const choices = fc.array(fc.tuple(fc.constantFrom('drop', 'replace', 'prepend'), fc.nat({ max: 7 })), {
    maxLength: 5,
  });
  await fc.assert(
    fc.asyncProperty(messages, choices, async ({ lines, body, chunk }, picks) => {
      const bytes = messageOf(lines, body);
      const edits = editsFor(bytes.subarray(0, headerEnd(bytes)), picks);
      const out = await edited(bytes, edits, chunk);
      assert.ok(out.endsWith(`\r\n${Buffer.from(body).toString('latin1')}`));
      assert.equal(out.length, editedSize(bytes.length, edits));
    }),
  );
});

function messageOf(lines: string[], body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([...lines, '', ''].join('\r\n')), body]);
}

/** Each field is edited at most once, as in a plan. */
function editsFor(block: Buffer, picks: [string, number][]): HeaderEdit[] {
  const taken = new Set<number>();
  return picks.flatMap(([op, at]): HeaderEdit[] => {
    const field = splitHeader(block).fields[at];
    if (op === 'prepend') return [{ op, field: `P: ${at}` }];
    if (field === undefined || taken.has(at)) return [];
    taken.add(at);
    const place = { name: field.name, n: field.n, length: field.end - field.start };
    return [
      op === 'drop' ? { op, ...place } : { op: 'replace', field: 'R: \u00e9'.normalize('NFD'), ...place },
    ];
  });
}

async function edited(bytes: Buffer, edits: HeaderEdit[], chunk: number): Promise<string> {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunk) chunks.push(bytes.subarray(at, at + chunk));
  const stream = Readable.from(chunks).compose(editHeader(edits));
  return (await buffer(stream)).toString('latin1');
}
