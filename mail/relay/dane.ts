/**
 * DANE for SMTP (RFC 7672): TLSA records, and whether a certificate chain is what they say. Only DANE-TA (2) and
 * DANE-EE (3) count (section 3.1.3); what cannot be read is not usable. The caller knows that the records are signed.
 */
import { createHash, type X509Certificate } from 'node:crypto';

export interface TlsaRecord {
  readonly usage: number;
  /** 0: the certificate; 1: its public key. */
  readonly selector: number;
  /** 0: as it is; 1: SHA-256; 2: SHA-512. */
  readonly matching: number;
  readonly data: Buffer;
}

const [trustAnchor, endEntity] = [2, 3];
const digestLengths: readonly (number | undefined)[] = [undefined, 32, 64];

export function readTlsa(data: Buffer): TlsaRecord | undefined {
  const [usage, selector, matching] = data;
  if (usage === undefined || selector === undefined || matching === undefined) return undefined;
  return { usage, selector, matching, data: data.subarray(3) };
}

export function isUsable({ usage, selector, matching, data }: TlsaRecord): boolean {
  if (usage !== trustAnchor && usage !== endEntity) return false;
  if (selector > 1 || matching > 2 || data.length === 0) return false;
  return matching === 0 || data.length === digestLengths[matching];
}

/** As zone files write it. */
export function tlsaText({ usage, selector, matching, data }: TlsaRecord): string {
  return `${usage} ${selector} ${matching} ${data.toString('hex').toUpperCase()}`;
}

export interface DaneCheck {
  readonly records: readonly TlsaRecord[];
  /** From the host's own certificate up, as it showed them. */
  readonly chain: readonly X509Certificate[];
  /** Any of them may stand in a certificate that an anchor vouches for (section 3.2.2). */
  readonly names: readonly string[];
  readonly now: Date;
}

/** What is wrong with the chain; undefined: it is what one of the records says. */
export function daneProblem({ records, chain, names, now }: DaneCheck): string | undefined {
  const [own] = chain;
  if (own === undefined) return 'it showed no certificate';
  const usable = records.filter(isUsable);
  // Section 3.1.1: of an end entity nothing but the match counts, neither names nor dates.
  if (usable.some((record) => record.usage === endEntity && matches(record, own))) return undefined;
  const anchors = usable.filter(({ usage }) => usage === trustAnchor);
  const at = chain.findIndex((one) => anchors.some((record) => matches(record, one)));
  if (at === -1) return 'no TLSA record of the host is about its certificate';
  return chainProblem(chain.slice(0, at + 1), names, now);
}

function chainProblem(
  chain: readonly X509Certificate[],
  names: readonly string[],
  now: Date,
): string | undefined {
  const [own] = chain;
  if (!names.some((name) => own?.checkHost(name) !== undefined))
    return `it is not made out for ${names.join(' or ')}`;
  if (!chain.every((one) => isValidAt(one, now))) return 'it, or its authority, has expired';
  const broken = chain.slice(1).findIndex((issuer, n) => !isIssuedBy(chain[n]!, issuer));
  return broken === -1 ? undefined : 'it was not issued by the authority of the TLSA record';
}

function isValidAt({ validFromDate, validToDate }: X509Certificate, now: Date): boolean {
  return validFromDate <= now && now <= validToDate;
}

function isIssuedBy(one: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && one.checkIssued(issuer) && one.verify(issuer.publicKey);
}

function matches({ selector, matching, data }: TlsaRecord, certificate: X509Certificate): boolean {
  const bytes =
    selector === 0 ? certificate.raw : certificate.publicKey.export({ type: 'spki', format: 'der' });
  if (matching === 0) return data.equals(bytes);
  return data.equals(
    createHash(matching === 1 ? 'sha256' : 'sha512')
      .update(bytes)
      .digest(),
  );
}
