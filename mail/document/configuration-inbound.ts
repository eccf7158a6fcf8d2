/**
 * The controls of mail coming in: tab Router/SMTP > Restrictions and Controls > SMTP Inbound Controls.
 */
import { entryList } from './entry-list.ts';
import { hostLists } from './configuration-host-lists.ts';
import { about, choice, flag, section } from './fields.ts';

const inbound = 'Configuration > Router/SMTP > Restrictions and Controls > SMTP Inbound Controls';
const relay = `${inbound} > Inbound Relay Controls`;
const enforcement = `${inbound} > Inbound Relay Enforcement`;
const connections = `${inbound} > Inbound Connection Controls`;
const senders = `${inbound} > Inbound Sender Controls`;
const recipients = `${inbound} > Inbound Intended Recipients Controls`;

const inboundRelay = section(
  {
    allowDestinations: entryList(
      'destinations',
      about(
        `${relay}: Allow messages to be sent only to the following external internet domains`,
        'Domains that anybody may relay to.',
      ),
    ),
    denyDestinations: entryList(
      'denied-destinations',
      about(
        `${relay}: Deny messages to be sent to the following external internet domains`,
        'Domains that nobody may relay to; `*`: all but those allowed.',
      ),
      ['*'],
    ),
    allowHosts: entryList(
      'hosts',
      about(
        `${relay}: Allow messages only from the following internet hosts to be sent to external internet domains`,
        'Hosts that may relay anywhere.',
      ),
    ),
    denyHosts: entryList(
      'denied-hosts',
      about(
        `${relay}: Deny messages from the following internet hosts to be sent to external internet domains`,
        'Hosts that may not relay; `*`: all but those allowed.',
      ),
      ['*'],
    ),
  },
  about(relay, 'Who may relay where.'),
);

const relayEnforcement = section(
  {
    hosts: choice(
      ['external', 'all', 'none'],
      'external',
      about(
        `${enforcement}: Perform Anti-Relay enforcement for these connecting hosts`,
        '`external`: peers whose host name is not in a local domain; `all`: everybody; `none`: nobody, which is an open relay.',
      ),
    ),
    excludeHosts: entryList(
      'hosts',
      about(
        `${enforcement}: Exclude these connecting hosts from anti-relay checks`,
        'Peers that the lists do not concern: they may relay.',
      ),
    ),
    authenticatedUsers: choice(
      ['allow', 'check'],
      'allow',
      about(
        `${enforcement}: Exceptions for authenticated users`,
        '`allow`: who has logged in may relay; `check`: the relay lists are asked all the same.',
      ),
    ),
  },
  about(enforcement, 'Whom the relay lists, the whitelists and the blacklists concern.'),
);

const inboundConnections = section(
  {
    verifyHostName: flag(
      false,
      about(
        `${connections}: Verify connecting hostname in DNS`,
        'Only peers whose PTR name leads back to their address may send.',
      ),
    ),
    allow: entryList(
      'hosts',
      about(
        `${connections}: Allow connections only from the following SMTP internet hostnames/IP addresses`,
        'Only these peers may connect. Empty: all.',
      ),
    ),
    deny: entryList(
      'hosts',
      about(
        `${connections}: Deny connections from the following SMTP internet hostnames/IP addresses`,
        'These peers may not connect.',
      ),
    ),
  },
  about(connections, 'Who may connect.'),
);

const inboundSenders = section(
  {
    verifyDomain: flag(
      false,
      about(
        `${senders}: Verify sender's domain in DNS`,
        'The domain of MAIL FROM must have an MX, A or AAAA.',
      ),
    ),
    allow: entryList(
      'addresses',
      about(
        `${senders}: Allow messages only from the following external internet addresses/domains`,
        'Only these senders. Empty: all.',
      ),
    ),
    deny: entryList(
      'addresses',
      about(
        `${senders}: Deny messages from the following external internet addresses/domains`,
        'Not these senders.',
      ),
    ),
  },
  about(senders, 'Who may send.'),
);

const inboundRecipients = section(
  {
    verifyLocal: flag(
      true,
      about(
        `${recipients}: Verify that local domain recipients exist in the Domino Directory`,
        'Local recipients that do not exist are refused at RCPT.',
      ),
    ),
    rejectAmbiguous: flag(
      true,
      about(`${recipients}: Reject ambiguous names`, 'A name of several people is refused with 553.'),
    ),
    denyGroups: flag(
      false,
      about(`${recipients}: Deny mail to groups`, 'Nobody outside may write to groups.'),
    ),
    allow: entryList(
      'addresses',
      about(
        `${recipients}: Allow messages intended only for the following internet addresses`,
        'Only these local recipients. Empty: all.',
      ),
    ),
    deny: entryList(
      'addresses',
      about(
        `${recipients}: Deny messages intended for the following internet addresses`,
        'Not these local recipients.',
      ),
    ),
  },
  about(recipients, 'Local recipients.'),
);

const dns = 'Configuration > Router/SMTP > Sender authentication (SPF, DKIM)';

const senderAuthentication = section(
  {
    spf: choice(
      ['off', 'tag', 'reject'],
      'tag',
      about(
        `${dns}: SPF`,
        '`tag` writes the result into Authentication-Results; `reject` refuses `fail` (550 5.7.23), and nothing milder.',
      ),
    ),
    dmarc: choice(
      ['off', 'tag', 'reject'],
      'tag',
      about(
        'none',
        '`tag` writes the result into Authentication-Results; `reject` refuses failures where the domain publishes p=reject (550 5.7.1).',
      ),
    ),
    dkim: choice(
      ['off', 'tag'],
      'tag',
      about(
        `${dns}: DKIM`,
        '`tag` writes the result into Authentication-Results. A bad signature alone refuses nothing.',
      ),
    ),
    trustedForwarders: entryList(
      'hosts',
      about('none', 'Hosts, and domains that seal with ARC, whose mail is never refused for these.'),
    ),
  },
  about(dns, 'SPF, DKIM and DMARC of mail coming in.'),
);

export const inboundControls = {
  inboundRelay,
  relayEnforcement,
  ...hostLists,
  inboundConnections,
  inboundSenders,
  inboundRecipients,
  senderAuthentication,
};
