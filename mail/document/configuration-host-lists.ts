/**
 * The black and white lists of the Configuration document, our own and those asked by DNS.
 */
import { internetDomain, replyText } from './checks.ts';
import { about, choice, flag, section, text, texts } from './fields.ts';
import { entryList } from './entry-list.ts';

const inbound = 'Configuration > Router/SMTP > Restrictions and Controls > SMTP Inbound Controls';
const blacklistActions = ['log', 'tag', 'reject'] as const;

function privateList(kind: 'White' | 'Black') {
  const tab = `${inbound} > Private ${kind}list Filters`;
  return {
    enabled: flag(false, about(`${tab}: Private ${kind.toLowerCase()}list filter`, 'The list is used.')),
    hosts: entryList('hosts', about(`${tab}: hosts`, 'Peers on the list.')),
  };
}

function dnsList(kind: 'White' | 'Black') {
  const tab = `${inbound} > DNS ${kind}list Filters`;
  return {
    enabled: flag(false, about(`${tab}: DNS ${kind.toLowerCase()}list filters`, 'The sites are asked.')),
    sites: texts(
      about(`${tab}: DNS ${kind.toLowerCase()}list sites`, 'Sites, asked in order.'),
      internetDomain,
    ),
  };
}

function blacklistAnswer(tab: string) {
  return {
    action: choice(
      blacklistActions,
      'log',
      about(`${tab}: Desired action when a connecting host is found`, 'What a hit does.'),
    ),
    response: text(
      '',
      about(
        `${tab}: Custom SMTP error response for rejected messages`,
        "Text of the refusal; `%s` is the peer's address.",
      ),
      replyText,
    ),
  };
}

export const hostLists = {
  privateWhitelist: section(
    privateList('White'),
    about(`${inbound} > Private Whitelist Filters`, 'Peers that no blacklist concerns.'),
  ),
  privateBlacklist: section(
    { ...privateList('Black'), ...blacklistAnswer(`${inbound} > Private Blacklist Filters`) },
    about(`${inbound} > Private Blacklist Filters`, 'Peers that are not welcome.'),
  ),
  dnsWhitelist: section(
    {
      ...dnsList('White'),
      action: choice(
        ['skip', 'log', 'tag'],
        'skip',
        about(
          `${inbound} > DNS Whitelist Filters: Desired action when a connecting host is found`,
          'A hit skips the DNS blacklists; `log` writes it down, too, `tag` adds `X-DNSWL-Site`.',
        ),
      ),
    },
    about(`${inbound} > DNS Whitelist Filters`, 'Sites that list good peers.'),
  ),
  dnsBlacklist: section(
    { ...dnsList('Black'), ...blacklistAnswer(`${inbound} > DNS Blacklist Filters`) },
    about(`${inbound} > DNS Blacklist Filters`, 'Sites that list bad peers.'),
  ),
};
