/**
 * mailauth over our resolver: SPF, DKIM, DMARC and ARC of one message. The message is scanned as it comes in (`write`)
 * or afterwards; either way once. What a stranger can make us do is bounded: signatures looked at, DNS questions, and
 * the time that all of them take together. Beyond a bound DNS counts as unavailable.
 */
import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import type { AuthenticateResult } from 'mailauth';
import { applyEdits, editHeader } from '../mail/envelope/apply-edits.ts';
import { drop, type HeaderEdit } from '../mail/envelope/header-edits.ts';
import { fieldsNamed, type HeaderBlock } from '../mail/envelope/header.ts';
import type { Resolver } from '../mail/relay/doors.ts';
import { dnsForMailauth } from './mailauth-dns.ts';

/** Mailing lists and providers add one each; nobody honest needs ten. */
const mostSignatures = 10;

export interface Asked {
  readonly ip: string;
  readonly helo: string;
  /** MAIL FROM; empty: the null sender. */
  readonly sender: string;
  /** Our own host name. */
  readonly mta: string;
  readonly header: HeaderBlock;
  readonly resolver: Resolver;
}

/** mailauth's results, and its resolver for further questions about the same message. */
export interface Answered {
  readonly found: AuthenticateResult;
  readonly dns: ReturnType<typeof dnsForMailauth>;
}

/** A scan of a message that is still coming in. */
export interface Scan {
  /** Octets of the message in order, header included; a promise where the sender has to wait. */
  write(octets: Buffer): Promise<void> | undefined;
  /** The last octet was written. */
  end(): Promise<Answered>;
  /** The message is not wanted any more. */
  abandon(): void;
}

export function openScan(asked: Asked): Scan {
  const input = new PassThrough();
  const answer = answerAbout(asked, input);
  // Asked for at the end, or never; a scan that failed takes its octets all the same.
  input.on('error', () => undefined);
  answer.catch(() => input.destroy());
  return {
    write: (octets) => (input.destroyed || input.write(octets) ? undefined : drained(input)),
    end() {
      input.end();
      return answer;
    },
    abandon: () => void input.destroy(new Error('The message was not taken.')),
  };
}

async function drained(input: PassThrough): Promise<void> {
  await Promise.race([once(input, 'drain'), once(input, 'close')]).catch(() => undefined);
}

/** The body is read only where a signature covers it. */
export function scanWhole(asked: Asked, body: () => Uint8Array | Readable): Promise<Answered> {
  return answerAbout(asked, isSigned(asked.header) ? body() : asked.header.bytes);
}

export function isSigned(header: HeaderBlock): boolean {
  return ['DKIM-Signature', 'ARC-Seal'].some((name) => fieldsNamed(header, name).length > 0);
}

async function answerAbout(asked: Asked, input: Uint8Array | Readable): Promise<Answered> {
  const { ip, helo, sender, mta, header, resolver } = asked;
  const { authenticate } = await import('mailauth');
  const dns = dnsForMailauth(resolver, ip);
  const found = await authenticate(bounded(header, input), {
    ip,
    helo: helo || `[${ip}]`,
    sender,
    mta,
    resolver: dns,
    disableBimi: true,
  });
  return { found, dns };
}

function bounded(header: HeaderBlock, input: Uint8Array | Readable): Buffer | Readable {
  const tooMany: HeaderEdit[] = fieldsNamed(header, 'DKIM-Signature').slice(mostSignatures).map(drop);
  if (!(input instanceof Uint8Array)) return tooMany.length === 0 ? input : input.pipe(editHeader(tooMany));
  const whole = Buffer.from(input.buffer, input.byteOffset, input.length);
  if (tooMany.length === 0) return whole;
  const end = header.bytes.length;
  return Buffer.concat([applyEdits(whole.subarray(0, end), tooMany), whole.subarray(end)]);
}
