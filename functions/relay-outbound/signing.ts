/**
 * Signs copies that carry a domain in `sign`, with every key that `dkimSigning` of the Configuration has for it: one
 * pass over the body for its hash, then the copy leaves with the signatures as further header edits. A key that
 * cannot be had keeps the mail waiting: unsigned it might be refused for good.
 */
import type { Readable } from 'node:stream';
import { canonicalDomain } from '../../mail/address/domain.ts';
import { headerEnd } from '../../mail/envelope/header.ts';
import type { Settings } from '../../mail/directory/settings.ts';
import { RelaxedBodyHash } from '../../mail/relay/dkim-body.ts';
import { dkimSignature, readSigningKey, type Signed, type Signer } from '../../mail/relay/dkim.ts';
import type { Secrets } from '../../mail/relay/doors.ts';
import { ourWords, waiting } from '../../mail/relay/results.ts';
import type { BodyStore, Clock } from '../../mail/spool/doors.ts';
import type { Delivery } from '../../mail/spool/records.ts';
import { waitingRecipients, type Carrier } from './carrier.ts';
import { openCopy } from './copy.ts';

export interface SigningOptions {
  readonly bodies: Pick<BodyStore, 'open'>;
  readonly secrets: Secrets;
  readonly settings: Settings;
  readonly clock: Clock;
}

/** The carrier, given signed copies. */
export function signing(carrier: Carrier, options: SigningOptions): Carrier {
  return {
    close: () => carrier.close(),
    giveWay: () => carrier.giveWay?.(),
    async send(delivery) {
      if (!delivery.sign) return carrier.send(delivery);
      const signers = await signersOf(delivery.sign, options);
      if ('waits' in signers)
        return { results: waiting(waitingRecipients(delivery), ourWords(signers.waits)), hop: 'answered' };
      return carrier.send(await signedCopy(delivery, signers, options));
    },
  };
}

async function signersOf(
  domain: string,
  { settings, secrets }: SigningOptions,
): Promise<readonly Signer[] | { waits: string }> {
  const entries = settings.configuration.dkimSigning.filter((entry) => same(entry.domain, domain));
  const signers: Signer[] = [];
  for (const { selector, secret } of entries) {
    try {
      const pem = await secrets.read(secret);
      if (pem === undefined)
        return { waits: `451 4.7.0 The DKIM key "${secret}" (dkimSigning) does not exist` };
      signers.push({ domain, selector, key: readSigningKey(pem) });
    } catch {
      // The cause may quote the key.
      return {
        waits: `451 4.7.0 The DKIM key "${secret}" (dkimSigning) cannot be read; it must be a PEM private key`,
      };
    }
  }
  return signers;
}

function same(one: string, other: string): boolean {
  return canonicalDomain(one) === canonicalDomain(other);
}

async function signedCopy(
  delivery: Delivery,
  signers: readonly Signer[],
  { bodies, clock }: SigningOptions,
): Promise<Delivery> {
  if (signers.length === 0) return delivery;
  const signed = { ...(await digest(await openCopy(bodies, delivery))), time: clock() };
  const signatures = signers.map((signer) => ({
    op: 'prepend' as const,
    field: dkimSignature(signer, signed),
  }));
  return { ...delivery, edits: [...delivery.edits, ...signatures] };
}

async function digest(copy: Readable): Promise<Omit<Signed, 'time'>> {
  const hash = new RelaxedBodyHash();
  let header = Buffer.alloc(0);
  let end = -1;
  for await (const chunk of copy as AsyncIterable<Buffer>) {
    if (end !== -1) {
      hash.update(chunk);
      continue;
    }
    header = Buffer.concat([header, chunk]);
    end = headerEnd(header, header.length - chunk.length);
    if (end !== -1) hash.update(header.subarray(end));
  }
  return { header: end === -1 ? header : header.subarray(0, end), bodyHash: hash.digest() };
}
