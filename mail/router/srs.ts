/**
 * The sender of forwarded mail (Configuration, `routing.forwardingSender`): SRS0, the Sender Rewriting Scheme, at the
 * primary domain, so that the next server's SPF check meets a domain of ours, and its reversal, so that failures reach
 * who sent the original. The hash keeps strangers from making such addresses: each stands for one sender only and
 * opens no relay. It ignores case, because servers on the way may.
 *
 *     SRS0=<hash>=<day>=<domain>=<local part>@<primary domain>
 *
 * The key is the settings' `forwardingKey`; without one nothing is rewritten and nothing reversed.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { foldText, makeAddress, type Address } from '../address/address.ts';
import { canonicalDomain } from '../address/domain.ts';
import { isLocalDomain } from '../directory/local-domains.ts';
import type { Settings } from '../directory/settings.ts';
import { primaryDomainOf } from './primary-domain.ts';

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const hashLength = 8;
const dayMilliseconds = 86_400_000;
const parts = /^srs0=([a-z2-7]{8})=([a-z2-7]{2})=([^=]+)=([^]+)$/i;

/** The sender that a forwarded copy leaves with; its own where nothing is to be rewritten. */
export function srsSender(sender: Address, settings: Settings, now: Date): Address {
  const { forwardingKey, configuration } = settings;
  if (configuration.routing.forwardingSender !== 'rewrite' || forwardingKey === undefined) return sender;
  if (sender.domain === '' || isLocalDomain(sender.domain, settings)) return sender;
  const day = dayOf(now);
  const hash = hashOf({ day, domain: sender.domain, local: sender.local }, forwardingKey);
  return makeAddress(`SRS0=${hash}=${day}=${sender.domain}=${sender.local}`, primaryDomainOf(settings));
}

/** Whom an address of that kind stands for; undefined: it is none, or not one of ours. */
export function srsOriginal(address: Address, settings: Settings): Address | undefined {
  const { forwardingKey } = settings;
  const found = parts.exec(address.local);
  if (found === null || forwardingKey === undefined || !isLocalDomain(address.domain, settings))
    return undefined;
  const [, hash = '', day = '', domain = '', local = ''] = found;
  if (canonicalDomain(domain) === undefined) return undefined;
  const wanted = Buffer.from(hashOf({ day, domain, local }, forwardingKey));
  if (!timingSafeEqual(wanted, Buffer.from(hash.toUpperCase()))) return undefined;
  return makeAddress(local, canonicalDomain(domain) ?? domain);
}

function hashOf({ day, domain, local }: { day: string; domain: string; local: string }, key: string): string {
  const text = [day, domain, local].map(foldText).join('=');
  const digest = createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest();
  return [...digest.subarray(0, hashLength)].map((byte) => base32[byte & 31]).join('');
}

/** Days since 1970 modulo 1024 in two letters, as the scheme has it. */
function dayOf(now: Date): string {
  const day = Math.floor(now.getTime() / dayMilliseconds) % 1024;
  return `${base32[day >> 5]}${base32[day & 31]}`;
}
