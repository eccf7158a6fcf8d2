/**
 * Reports of ours towards a host without 8BITMIME: offered once more, over the same connection, with the header of the
 * original in place of its 8-bit text. Before signing, so that the signature is of what leaves. Other people's mail is
 * never rewritten: that would break signatures.
 */
import type { Delivery } from '../../mail/spool/records.ts';
import type { Attempt, Carrier } from './carrier.ts';

export function sevenBitReports(carrier: Carrier): Carrier {
  return {
    close: () => carrier.close(),
    giveWay: () => carrier.giveWay?.(),
    async send(delivery) {
      const attempt = await carrier.send(delivery);
      if (!isReport(delivery) || !delivery.eightBitMime || !attempt.results.some(isForEightBits))
        return attempt;
      return carrier.send({ ...delivery, eightBitMime: false, sevenBit: true });
    },
  };
}

/** From `<>`, under an id derived from the original's. */
function isReport({ from, message }: Delivery): boolean {
  return from === '' && /-r\d+$/.test(message);
}

function isForEightBits({ outcome, replyBy, reply }: Attempt['results'][number]): boolean {
  return outcome === 'failed' && replyBy === 'X-Notes' && reply.includes('(no 8BITMIME)');
}
