/** HAProxy's proxy-protocol.txt, sections 2.1 and 2.2: what is a header, what is none, and what is not all of it yet. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readProxyHeader } from '../../listener/proxy-header.ts';

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const v4 = Buffer.from([192, 0, 2, 7, 127, 0, 0, 1, 0x11, 0x5c, 0, 25]);
const v6 = Buffer.concat([
  Buffer.from('20010db8000000000000000000000007', 'hex'),
  Buffer.from('00000000000000000000000000000001', 'hex'),
  v4.subarray(8),
]);
const mapped = Buffer.concat([Buffer.from('00000000000000000000ffffc0000207', 'hex'), v6.subarray(16)]);

function v2(command: number, family: number, block: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.from([command, family, block.length >> 8, block.length & 255]);
  return Buffer.concat([signature, head, block]);
}

const tlv = Buffer.from([4, 0, 3, 97, 98, 99, 0xea, 0, 1, 0]);
const v1 = (words: string): Buffer => Buffer.from(`PROXY ${words}\r\n`, 'latin1');

type Row = readonly [why: string, octets: Buffer, peer: string | undefined];

const headers: readonly Row[] = [
  ['TCP4', v1('TCP4 192.0.2.7 127.0.0.1 4444 25'), '192.0.2.7'],
  ['TCP6, in another spelling', v1('TCP6 2001:DB8:0::7 ::1 4444 25'), '2001:db8::7'],
  ['IPv4 in IPv6', v1('TCP6 ::ffff:192.0.2.7 ::1 4444 25'), '192.0.2.7'],
  ['UNKNOWN', v1('UNKNOWN'), undefined],
  ['UNKNOWN and what must not be read', v1('UNKNOWN ffff::1 ffff::2 65535 65535'), undefined],
  ['version 2, IPv4', v2(0x21, 0x11, v4), '192.0.2.7'],
  ['version 2, IPv6', v2(0x21, 0x21, v6), '2001:db8::7'],
  ['version 2, IPv4 in IPv6', v2(0x21, 0x21, mapped), '192.0.2.7'],
  ['with type-length-values', v2(0x21, 0x11, Buffer.concat([v4, tlv])), '192.0.2.7'],
  ['LOCAL', v2(0x20, 0), undefined],
  ['LOCAL with addresses that do not count', v2(0x20, 0x11, v4), undefined],
  ['PROXY of what it cannot say', v2(0x21, 0), undefined],
];

test('a header, whole and with what follows it', async (t) => {
  for (const [why, octets, address] of headers)
    await t.test(why, () => {
      const read = readProxyHeader(Buffer.concat([octets, Buffer.from('EHLO x\r\n')]));
      assert.ok(read.outcome === 'header');
      assert.equal(read.length, octets.length);
      assert.equal(read.peer?.address, address);
      assert.equal(read.peer?.port, address && 4444);
      for (let n = 0; n < octets.length; n++)
        assert.equal(readProxyHeader(octets.subarray(0, n)).outcome, 'more', `${n} octets`);
    });
});

const none: readonly (readonly [why: string, octets: Buffer])[] = [
  ['a command', Buffer.from('EHLO x\r\n')],
  ['small letters', Buffer.from('proxy TCP4 192.0.2.7 127.0.0.1 4444 25\r\n')],
  ['LF alone', Buffer.from('PROXY TCP4 192.0.2.7 127.0.0.1 4444 25\n')],
  ['another family', v1('TCP4 2001:db8::7 ::1 4444 25')],
  ['two families', v1('TCP4 192.0.2.7 ::1 4444 25')],
  ['an address that is none', v1('TCP4 192.0.2 127.0.0.1 4444 25')],
  ['octal', v1('TCP4 192.0.02.7 127.0.0.1 4444 25')],
  ['a destination that is none', v1('TCP4 192.0.2.7 mail 4444 25')],
  ['a port over 65,535', v1('TCP4 192.0.2.7 127.0.0.1 65536 25')],
  ['a port too few', v1('TCP4 192.0.2.7 127.0.0.1 4444')],
  ['a word too many', v1('TCP4 192.0.2.7 127.0.0.1 4444 25 x')],
  ['two spaces', v1('TCP4  192.0.2.7 127.0.0.1 4444 25')],
  ['over 107 octets', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(100)}\r\n`)],
  ['version 1 in binary', v2(0x11, 0x11, v4)],
  ['a command that is neither', v2(0x22, 0x11, v4)],
  ['UDP', v2(0x21, 0x12, v4)],
  ['a Unix socket', v2(0x21, 0x31, Buffer.alloc(216))],
  ['too few octets for its addresses', v2(0x21, 0x11, v4.subarray(0, 8))],
  ['IPv4 addresses called IPv6', v2(0x21, 0x21, v4)],
  ['over 4 KB', v2(0x21, 0x11, Buffer.alloc(4097))],
];

test('what is none', async (t) => {
  for (const [why, octets] of none)
    await t.test(why, () => assert.equal(readProxyHeader(octets).outcome, 'none'));
});
