/**
 * The header block of an accepted message, as stored: for the addresses of our own people's mail that leaves. Undefined
 * where the body is missing: routing goes on, and whoever delivers finds out and raises the alarm.
 */
import type { Envelope } from '../../mail/envelope/envelope.ts';
import { maximumHeaderSize } from '../../mail/envelope/header.ts';
import { BodyMissing, type BodyStore } from '../../mail/spool/doors.ts';

export async function readHeader(
  bodies: Pick<BodyStore, 'open'>,
  { bodyKey, headerSize }: Pick<Envelope, 'bodyKey' | 'headerSize'>,
): Promise<Buffer | undefined> {
  const size = Math.min(headerSize, maximumHeaderSize);
  if (size <= 0) return Buffer.alloc(0);
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of (await bodies.open(bodyKey, {
      start: 0,
      end: size - 1,
    })) as AsyncIterable<Buffer>)
      chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks);
  } catch (cause) {
    if (cause instanceof BodyMissing) return undefined;
    throw cause;
  }
}
