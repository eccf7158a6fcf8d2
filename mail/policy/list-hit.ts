/** What the black and white lists found about a peer, beside the verdict: for the log, metrics and tags. */
export type ListName = 'privateWhitelist' | 'privateBlacklist' | 'dnsWhitelist' | 'dnsBlacklist';

export type ListHit =
  | {
      readonly list: ListName;
      readonly action: 'skip' | 'log' | 'tag' | 'reject';
      /** The entry of a private list, or the site of a DNS list. */
      readonly entry: string;
    }
  /** The site gave an answer that is no listing, or none at all: no action, but an alarm. */
  | { readonly list: 'dnsWhitelist' | 'dnsBlacklist'; readonly action: 'unusable'; readonly entry: string };

export interface Tag {
  readonly header: 'X-DNSBL-Site' | 'X-DNSWL-Site';
  readonly value: string;
}

/** The header fields that every message of the session gets (Domino's items $DNSBLSite and $DNSWLSite). */
export function tagsOf(hits: readonly ListHit[]): Tag[] {
  return hits
    .filter((hit) => hit.action === 'tag')
    .map(({ list, entry }) => ({
      header: list.endsWith('Whitelist') ? 'X-DNSWL-Site' : 'X-DNSBL-Site',
      value: list === 'privateBlacklist' ? 'PrivateBlacklist' : entry,
    }));
}
