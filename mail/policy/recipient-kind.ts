/**
 * What a recipient is before anybody asks whether it exists: postmaster, local, a relay, or an address that asks us
 * to route by it. Source routes are refused everywhere; in a local domain so are `!`, any `%` that names no Domino
 * domain, and an `@` left after unquoting. Outside, the local part is the business of that domain (RFC 5321 2.3.11),
 * and strangers who relay may not use it (relay-rules.ts).
 */
import { makeAddress, type Address } from '../address/address.ts';
import { percentDomain, type DominoDomain } from '../directory/domino-domains.ts';
import { localDomainOf } from '../directory/local-domains.ts';
import type { Settings } from '../directory/settings.ts';
import type { Destination } from '../document/matcher.ts';
import { srsOriginal } from '../router/srs.ts';
import type { Because } from './verdict.ts';

export type RecipientKind =
  | { readonly kind: 'postmaster' }
  /** `address` without a `%` that names our own Domino domain. */
  | { readonly kind: 'local'; readonly address: Address; readonly because: Because }
  /** `because`: what makes a word behind a `%` another Domino domain. */
  | { readonly kind: 'relay'; readonly destination: Destination; readonly because?: Because }
  /** `because`: what makes the domain ours; a source route is refused in any. */
  | { readonly kind: 'routed'; readonly because?: Because };

export function recipientKind(address: Address, settings: Settings): RecipientKind {
  if (address.route !== undefined) return { kind: 'routed' };
  const local = address.domain === '' ? undefined : localDomainOf(address.domain, settings);
  if (/^postmaster$/i.test(address.local) && (address.domain === '' || local !== undefined))
    return { kind: 'postmaster' };
  if (local === undefined) return { kind: 'relay', destination: { domain: address.domain } };
  // Whatever the sender's local part holds that stands in it, the address is ours.
  if (srsOriginal(address, settings) !== undefined) return { kind: 'local', address, because: local.because };
  const percent = percentDomain(address.local, settings);
  const routed = { kind: 'routed', because: local.because } as const;
  if (/[!@]/.test(percent.local)) return routed;
  if (percent.kind === 'own') return recipientKind(makeAddress(percent.local, address.domain), settings);
  if (percent.local.includes('%')) return routed;
  if (percent.kind === 'other') return toDominoDomain(percent.domain);
  return { kind: 'local', address, because: local.because };
}

function toDominoDomain({ name, words, because }: DominoDomain): RecipientKind {
  return { kind: 'relay', destination: { dominoDomain: name, words }, because };
}
