/**
 * The documents about domains: Global Domain (what is local), Foreign SMTP Domain and SMTP Connection (what leads out).
 */
import {
  aliasDomain,
  dominoDomain,
  dominoDomainEntry,
  foreignPattern,
  internetDomain,
  name,
  nextHop,
  separator,
} from './checks.ts';
import * as z from 'zod';
import { about, choice, flag, form, optionalText, requiredText, text, texts } from './fields.ts';

const restrictions = 'Global Domain > Restrictions';
const conversions = 'Global Domain > Conversions';

export const globalDomainForm = form(
  {
    role: z
      .enum(['internet-domains', 'r4-smtp-mta'])
      .default('internet-domains')
      .transform((): 'internet-domains' => 'internet-domains')
      .meta(
        about('Global Domain > Basics: Global domain role', '`r4-smtp-mta` is read as `internet-domains`.'),
      ),
    default: flag(
      false,
      about(
        'Global Domain > Basics: Use as default Global Domain',
        'The one whose conversion rules outbound mail follows.',
      ),
    ),
    dominoDomains: texts(
      about(
        `${restrictions}: Notes domains and aliases`,
        'Domino domains, `ACME`, or with the alias that SMTP addresses use, `Vertrieb=SALESDOM`.',
      ),
      dominoDomainEntry,
    ),
    primaryDomain: requiredText(
      about(
        `${conversions}: Local primary Internet domain`,
        'Local Internet domain, and the suffix of constructed addresses.',
      ),
      internetDomain,
    ),
    aliases: texts(
      about(
        `${conversions}: Alternate Internet domain aliases`,
        'Further local domains; `*.acme-labs.com` covers every subdomain, not the bare name.',
      ),
      aliasDomain,
    ),
    internetAddressLookup: flag(
      true,
      about(`${conversions}: Internet address lookup`, "Senders get the Person's Internet address."),
    ),
    addressFormat: choice(
      ['address-only', 'name-and-address'],
      'address-only',
      about(
        `${conversions}: Internet Address format`,
        'How converted senders are written: `user@dom` or `"Name" <user@dom>`.',
      ),
    ),
    localPart: choice(
      ['full-name', 'common-name', 'short-name'],
      'full-name',
      about(
        `${conversions}: Local part formed from`,
        'What the local part of constructed addresses is made from, for people without an Internet address.',
      ),
    ),
    dominoDomainsIncluded: choice(
      ['none', 'one', 'all'],
      'none',
      about(
        `${conversions}: Domino domain(s) included`,
        'How many Domino domains a constructed address carries.',
      ),
    ),
    dominoDomainPosition: choice(
      ['left', 'right'],
      'left',
      about(`${conversions}: Domino domain(s) position`, 'Side of the `@` where they stand.'),
    ),
    dominoDomainSeparator: text(
      '%',
      about(`${conversions}: Domino domain separator`, 'What stands before each of them.'),
      separator,
    ),
  },
  about('Domain, type Global Domain', 'Which Internet domains are local, and how addresses are built.'),
);

export const foreignSmtpDomainForm = form(
  {
    internetDomain: requiredText(
      about(
        'Foreign SMTP Domain > Messages Addressed to: Internet domain',
        '`*.*` all, `*.company.com` every subdomain, `company.com` exactly; the most specific wins.',
      ),
      foreignPattern,
    ),
    host: optionalText(
      about('Foreign SMTP Domain > Should be Routed to: Internet host', 'Next hop; or `domain`.'),
      nextHop,
    ),
    domain: optionalText(
      about(
        'Foreign SMTP Domain > Should be Routed to: Domain name',
        'Virtual domain that an SmtpConnection leads to; or `host`.',
      ),
      dominoDomain,
    ),
  },
  about('Domain, type Foreign SMTP Domain', 'Where mail for some Internet domains leaves.'),
);

const connection = 'Connection > Basics (SMTP)';

export const smtpConnectionForm = form(
  {
    sourceServer: requiredText(about(`${connection}: Source server`, 'Server that sends.'), name),
    destinationDomain: requiredText(
      about(
        `${connection}: Destination domain`,
        'The virtual domain of a Foreign SMTP Domain, or a Domino domain.',
      ),
      dominoDomain,
    ),
    destinationServer: optionalText(
      about(`${connection}: Destination server`, 'Server that receives.'),
      name,
    ),
    relayHost: optionalText(about(`${connection}: SMTP MTA relay host`, 'Next hop.'), nextHop),
  },
  about('Connection, type SMTP', 'How mail for a domain leaves a server.'),
);

export type GlobalDomain = { name: string } & z.output<typeof globalDomainForm>;
export type ForeignSmtpDomain = { name: string } & z.output<typeof foreignSmtpDomainForm>;
export type SmtpConnection = { name: string } & z.output<typeof smtpConnectionForm>;
