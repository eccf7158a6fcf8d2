/**
 * The bytes of a copy as it leaves: the stored body through its header edits, whole or not at all.
 * A body that ends before its stored length is an error, so that a cut message never passes for one.
 */
import { pipeline, Transform, type Readable } from 'node:stream';
import { editHeader } from '../../mail/envelope/apply-edits.ts';
import { headerEnd, maximumHeaderSize } from '../../mail/envelope/header.ts';
import type { BodyStore } from '../../mail/spool/doors.ts';
import type { Delivery } from '../../mail/spool/records.ts';

type Bodies = Pick<BodyStore, 'open'>;
type Stored = Pick<Delivery, 'message' | 'bodyKey' | 'size' | 'edits'>;

export async function openCopy(bodies: Bodies, delivery: Stored): Promise<Readable> {
  const stored = await bodies.open(delivery.bodyKey);
  // pipeline destroys all of them when one fails; the reader sees the error on the last.
  return pipeline(stored, whole(delivery), editHeader(delivery.edits), () => undefined);
}

/** Not awaited: who needs the copy waits for it; nobody else needs it, nor its failure. */
export function dropCopy(copy: Promise<Readable>, why?: Error): void {
  const drop = (stream: Readable): Readable => stream.on('error', () => undefined).destroy(why);
  copy.then(drop, () => undefined);
}

function whole({ message, size }: Stored): Transform {
  let seen = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      done(null, chunk);
    },
    flush(done) {
      if (seen === size) return done();
      done(new Error(`The stored body of ${message} has ${seen} bytes; ${size} were accepted.`));
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
