/**
 * How senders are converted (Configuration > MIME > Conversion Options > Outbound; Global Domain > Conversions): whether
 * a Person's Internet address takes the place of another, what display name goes with it, and how an address is built
 * for a name that has none.
 */
import { canonicalDomain } from '../../address/domain.ts';
import { dominoDomains } from '../../directory/domino-domains.ts';
import type { Settings } from '../../directory/settings.ts';
import type { GlobalDomain } from '../../document/forms.ts';
import { foldName } from '../../document/names.ts';
import { outboundDomain } from '../primary-domain.ts';

type Construction = Pick<
  GlobalDomain,
  'addressFormat' | 'localPart' | 'dominoDomainsIncluded' | 'dominoDomainPosition' | 'dominoDomainSeparator'
>;

export interface ConversionRules extends Construction {
  readonly lookUp: boolean;
  readonly phrase: 'none' | 'distinguished-name' | 'common-name' | 'remove';
  /** The domain of constructed addresses. */
  readonly suffix: string;
  /** How SMTP addresses spell a Domino domain: its alias, where it has one. */
  readonly spelling: (dominoDomain: string) => string;
}

const withoutGlobalDomain: Construction = {
  addressFormat: 'address-only',
  localPart: 'full-name',
  dominoDomainsIncluded: 'none',
  dominoDomainPosition: 'left',
  dominoDomainSeparator: '%',
};

export function conversionRules(settings: Settings): ConversionRules {
  const { lookupInternetAddress, phrase } = settings.configuration.conversion;
  const { document, suffix } = outboundDomain(settings);
  return {
    ...(document ?? withoutGlobalDomain),
    lookUp: lookupInternetAddress || document?.internetAddressLookup === true,
    phrase,
    suffix,
    spelling: (dominoDomain) => spellingOf(dominoDomain, document, settings),
  };
}

function spellingOf(text: string, document: GlobalDomain | undefined, settings: Settings): string {
  const name = dominoDomains(settings).get(foldName(text))?.name ?? text;
  for (const entry of document?.dominoDomains ?? []) {
    const [alias = '', domain] = entry.split('=').map((part) => part.trim());
    if (domain !== undefined && foldName(domain) === foldName(name)) return alias;
  }
  return name;
}

/** A constructed address: its local part, and the domain that Domino domains may stand before. */
export function constructed(
  local: string,
  domains: readonly string[],
  rules: ConversionRules,
): { readonly local: string; readonly domain: string } {
  const included = { none: [], one: domains.slice(0, 1), all: domains }[rules.dominoDomainsIncluded];
  const words = included.map((domain) => rules.spelling(domain));
  const { suffix, dominoDomainSeparator: separator } = rules;
  if (rules.dominoDomainPosition === 'left')
    return {
      local: [local, ...words.map((word) => word.replaceAll(' ', '_'))].join(separator),
      domain: suffix,
    };
  // A domain takes letters, digits and hyphens (RFC 5321 section 4.1.2).
  const labels = words.map((word) => word.replaceAll(/[ _]/g, '-'));
  const domain = canonicalDomain([...labels, suffix].join('.'));
  return { local, domain: domain ?? suffix };
}
