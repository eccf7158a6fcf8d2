/**
 * Which Global Domain's rules outbound mail follows (docs/message-flow.md): the default one, or the only
 * one. Of several without a default it is the last by name, but with the domain of the server's host name as suffix.
 */
import type { Settings } from '../directory/settings.ts';
import type { GlobalDomain } from '../document/forms.ts';
import { canonicalDomain } from '../address/domain.ts';

export interface OutboundDomain {
  /** Absent where there is no Global Domain. */
  readonly document?: GlobalDomain;
  /** The domain of constructed addresses. */
  readonly suffix: string;
}

export function outboundDomain({ globalDomains, server }: Settings): OutboundDomain {
  const only = globalDomains.length === 1 ? globalDomains[0] : undefined;
  const chosen = globalDomains.find((document) => document.default) ?? only;
  if (chosen !== undefined) return { document: chosen, suffix: canonical(chosen.primaryDomain) };
  const last = globalDomains.toSorted((one, other) => (one.name < other.name ? -1 : 1)).at(-1);
  return { ...(last && { document: last }), suffix: domainOfHost(canonical(server.hostName)) };
}

export function primaryDomainOf(settings: Settings): string {
  return outboundDomain(settings).suffix;
}

/** `acme.example` of `mail1.acme.example`; a name of two labels is its own domain. */
function domainOfHost(host: string): string {
  const domain = host.slice(host.indexOf('.') + 1);
  return domain.includes('.') ? domain : host;
}

function canonical(domain: string): string {
  return canonicalDomain(domain) ?? domain.toLowerCase();
}
