/**
 * `routing` of the Configuration document: tab Router/SMTP > Basics, and the limits that routing looks at.
 */
import { nextHop, secretName } from './checks.ts';
import { about, choice, flag, number, section, text } from './fields.ts';

const basics = 'Configuration > Router/SMTP > Basics';
const restrictions = 'Configuration > Router/SMTP > Restrictions and Controls > Restrictions';

const ways = {
  smtpOutsideLocalDomain: flag(
    false,
    about(
      `${basics}: SMTP used when sending messages outside of the local Internet domain`,
      'Mail may leave the local Internet domains by relay host or MX; a Foreign SMTP Domain works without it.',
    ),
  ),
  smtpWithinLocalDomain: choice(
    ['disabled', 'mime-only', 'all'],
    'disabled',
    about(
      `${basics}: SMTP allowed within the local Internet domain`,
      'Whether recipients whose mail server is another server of the domain are reached by SMTP. All mail here is MIME, so `mime-only` and `all` do the same.',
    ),
  ),
  reachableOverSmtp: choice(
    ['always', 'same-named-network'],
    'always',
    about(
      `${basics}: Servers within the local Notes domain are reachable via SMTP over TCPIP`,
      'Which servers of the domain: `always` all of them, or those with our `namedNetwork`.',
    ),
  ),
  addressLookup: choice(
    ['fullname-then-local-part', 'fullname', 'local-part'],
    'fullname-then-local-part',
    about(
      `${basics}: Address lookup`,
      'How a local recipient is found: by the whole address, by the local part as a name, or by the one and then by the other.',
    ),
  ),
  hostNameLookup: choice(
    ['dynamic-then-local', 'dynamic', 'local'],
    'dynamic-then-local',
    about(
      `${basics}: Host name lookup`,
      'Where host names are looked up: `dynamic` in DNS, `local` in the hosts file.',
    ),
  ),
};

const hops = {
  relayHost: text(
    '',
    about(
      `${basics}: Relay host for messages leaving the local Internet domain`,
      'Next hop of mail for other domains; empty: the MX of each.',
    ),
    nextHop,
  ),
  relayHostAuthentication: choice(
    ['disabled', 'enabled', 'required'],
    'disabled',
    about(
      `${basics}: Use authentication when sending messages to the relay host`,
      '`enabled`: the gateway logs in, and after a failed login sends without; `required`: the mail is kept and tried again.',
    ),
  ),
  relayHostCredentials: text(
    '',
    about(
      `${basics}: User name and password for the relay host`,
      'Name of the secret with `{"username","password"}`; sent only under verified TLS.',
    ),
    secretName,
  ),
  relayHostClientCertificate: text(
    '',
    about('Server key ring', 'Name of the secret with a PEM key and certificate.'),
    secretName,
  ),
  localDomainSmartHost: text(
    '',
    about(
      `${basics}: Local Internet domain smart host`,
      'Next hop of local recipients who are in no document.',
    ),
    nextHop,
  ),
  smartHostForAllLocalRecipients: flag(
    false,
    about(
      `${basics}: Smart host is used for all local Internet domain recipients`,
      'The smart host gets the mail of all local recipients.',
    ),
  ),
};

const limits = {
  forwardingSender: choice(
    ['keep', 'rewrite'],
    'keep',
    about(
      'none',
      'Whether forwarded and expanded mail leaves with its own MAIL FROM or with an SRS0 address at the primary domain.',
    ),
  ),
  sesMaximumSize: number(
    { fallback: 10_240, least: 1, kind: 'size' },
    about('none', 'What `ses` takes, in KB; larger mail towards it fails at once.'),
  ),
  privateAddresses: choice(
    ['refuse', 'allow'],
    'refuse',
    about('none', 'Whether look-ups of MX and MTA-STS may lead to private addresses.'),
  ),
  maximumMessageSize: number(
    { fallback: 25_600, kind: 'size' },
    about(`${restrictions}: Maximum message size`, 'In KB; 0: no limit. Larger mail is refused with 552.'),
  ),
  lowPriorityAbove: number(
    { fallback: 0, kind: 'size' },
    about(
      `${restrictions}: Send all messages as low priority if message size is between`,
      'In KB; 0: never. Larger messages get low priority.',
    ),
  ),
  ignorePriority: flag(
    false,
    about(
      'Configuration > Router/SMTP > Restrictions and Controls > Transfer Controls: Ignore message priority',
      'The priority that a message asks for does not count.',
    ),
  ),
};

export const routing = section({ ...ways, ...hops, ...limits }, about(basics, 'How mail finds its way.'));
