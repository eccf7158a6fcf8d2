/**
 * The bytes of a copy as it leaves: the stored body through its header edits, whole or not at all; a small one at once,
 * which spares it three streams. A body that ends before its stored length is an error, so that a cut message never
 * passes for one.
 */
import { pipeline, Readable, Transform } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { sevenBitReport } from '../../mail/dsn/seven-bit.ts';
import { applyEdits, editHeader } from '../../mail/envelope/apply-edits.ts';
import { headerEnd, maximumHeaderSize } from '../../mail/envelope/header.ts';
import type { BodyStore } from '../../mail/spool/doors.ts';
import type { Delivery } from '../../mail/spool/records.ts';

type Bodies = Pick<BodyStore, 'open'>;
type Stored = Pick<Delivery, 'message' | 'bodyKey' | 'size' | 'edits' | 'sevenBit'>;
export type Copy = Readable | Buffer;

/** Octets sent in one piece: no more than a stream hands over at a time. */
const small = 64 * 1024;

export function copyOf(bodies: Bodies, delivery: Stored): Promise<Copy> {
  const atOnce = delivery.size <= small && delivery.sevenBit !== true;
  return atOnce ? smallCopy(bodies, delivery) : openCopy(bodies, delivery);
}

async function smallCopy(bodies: Bodies, delivery: Stored): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of (await bodies.open(delivery.bodyKey)) as AsyncIterable<Buffer>) {
    parts.push(chunk);
    length += chunk.length;
    if (length > delivery.size) break;
  }
  if (length !== delivery.size) throw cut(delivery, length);
  const stored = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  if (delivery.edits.length === 0) return stored;
  const end = headerEnd(stored);
  const header = end === -1 ? stored : stored.subarray(0, end);
  return Buffer.concat([applyEdits(header, delivery.edits), stored.subarray(header.length)]);
}

export async function openCopy(bodies: Bodies, delivery: Stored): Promise<Readable> {
  const stored = await bodies.open(delivery.bodyKey);
  // pipeline destroys all of them when one fails; the reader sees the error on the last.
  const copy = pipeline(stored, whole(delivery), editHeader(delivery.edits), () => undefined);
  return delivery.sevenBit === true ? Readable.from([sevenBitReport(await buffer(copy))]) : copy;
}

/** Not awaited: who needs the copy waits for it; nobody else needs it, nor its failure. */
export function dropCopy(copy: Promise<Copy>, why?: Error): void {
  const drop = (held: Copy): void => {
    if (!Buffer.isBuffer(held)) held.on('error', () => undefined).destroy(why);
  };
  copy.then(drop, () => undefined);
}

function cut({ message, size }: Stored, seen: number): Error {
  return new Error(`The stored body of ${message} has ${seen} bytes; ${size} were accepted.`);
}

function whole(delivery: Stored): Transform {
  let seen = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      done(null, chunk);
    },
    flush(done) {
      done(seen === delivery.size ? null : cut(delivery, seen));
    },
  });
}

/** Whether the stored header has anything but ASCII, which only SMTPUTF8 may carry (RFC 6532). */
export async function hasForeignHeader(bodies: Bodies, { bodyKey }: Stored): Promise<boolean> {
  let header = Buffer.alloc(0);
  for await (const chunk of (await bodies.open(bodyKey)) as AsyncIterable<Buffer>) {
    header = Buffer.concat([header, chunk]);
    const end = headerEnd(header);
    if (end !== -1) return hasHighBytes(header.subarray(0, end));
    if (header.length > maximumHeaderSize) break;
  }
  return hasHighBytes(header);
}

/** Whether a message declared 8BITMIME really needs it. */
export async function hasEightBits(bodies: Bodies, { bodyKey }: Stored): Promise<boolean> {
  for await (const chunk of (await bodies.open(bodyKey)) as AsyncIterable<Buffer>)
    if (hasHighBytes(chunk)) return true;
  return false;
}

function hasHighBytes(bytes: Buffer): boolean {
  return bytes.some((byte) => byte > 127);
}
