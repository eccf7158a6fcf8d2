/**
 * The Server document: one per server of the domain; the deployment names its own.
 */
import { dominoDomain, hostName, name, replyText } from './checks.ts';
import { entryList } from './entry-list.ts';
import type * as z from 'zod';
import { about, choice, flag, form, number, optionalText, requiredText, section, text } from './fields.ts';

const internetPort = 'Server > Ports > Internet Ports > Mail > SMTP Inbound';

function port(
  domino: string,
  words: { what: string; enabled: boolean; anonymous: boolean; nameAndPassword: boolean },
) {
  return section(
    {
      enabled: flag(words.enabled, about(`${domino}: port status`, 'The port is open.')),
      anonymous: flag(
        words.anonymous,
        about(`${domino}: Authentication options, Anonymous`, 'Mail is taken without a login.'),
      ),
      nameAndPassword: flag(
        words.nameAndPassword,
        about(`${domino}: Authentication options, Name & password`, 'AUTH is offered, under TLS.'),
      ),
    },
    about(domino, words.what),
  );
}

export const serverForm = form(
  {
    hostName: requiredText(
      about(
        'Server > Basics: Fully qualified Internet host name',
        'Internet host name, shown in the banner, EHLO, Received and reports.',
      ),
      hostName,
    ),
    domain: requiredText(
      about('Server > Basics: Domain name', 'Domino domain of the server, e.g. `ACME`.'),
      dominoDomain,
    ),
    smtpListener: flag(
      false,
      about(
        'Server > Basics: SMTP listener task',
        'The listener accepts mail; off, its SMTP ports are closed. Other servers read here whether this one takes SMTP.',
      ),
    ),
    smtpRouting: flag(
      true,
      about(
        'Server > Basics: Routing tasks, SMTP Mail Routing',
        'The Router works; off, accepted mail stays pending and says so.',
      ),
    ),
    postmaster: optionalText(
      about(
        'Person or Group with the short name postmaster',
        'Person, group or mail-in database that gets mail for `<postmaster>` and `postmaster@` every local domain. Without one such mail is held.',
      ),
      name,
    ),
    outboundHostName: optionalText(
      about(
        'notes.ini SMTP_HOSTNAME',
        'Host name in EHLO when sending directly; it must match the PTR of the sending address. Absent: `hostName`.',
      ),
      hostName,
    ),
    namedNetwork: text(
      'TCPIP Network',
      about(
        'Server > Ports > Notes Network Ports: Notes Network',
        'Network of the server; members of one network reach one another.',
      ),
      name,
    ),
    internetAuthentication: choice(
      ['fewer-name-variations', 'more-name-variations'],
      'fewer-name-variations',
      about(
        'Server > Security: Internet authentication',
        'Names a person may log in with. Fewer: name, common name, `userNames`, `internetAddress`; more: also first, last and short name where unique.',
      ),
    ),
    greeting: text(
      '',
      about(
        'notes.ini SMTPGreeting',
        'What the 220 line says after the host name. Empty: `ESMTP Postern ready`.',
      ),
      replyText,
    ),
    trustedProxies: entryList(
      'networks',
      about(
        'none',
        'Proxies that may send XCLIENT: the session is then that of the peer they name, and the connection rules run for it. Without XCLIENT they are peers like others.',
      ),
    ),
    proxyProtocol: entryList(
      'networks',
      about(
        'none',
        'Load balancers: a connection from these addresses must begin with a PROXY header (v1 or v2), else it is closed. Others must not send one.',
      ),
    ),
    ports: section(
      {
        smtp: port(`${internetPort}: TCP/IP`, {
          what: 'Port 25.',
          enabled: true,
          anonymous: true,
          nameAndPassword: false,
        }),
        submission: port(`${internetPort}: TCP/IP (a second port)`, {
          what: 'Port 587.',
          enabled: true,
          anonymous: false,
          nameAndPassword: true,
        }),
        smtps: port(`${internetPort}: SSL`, {
          what: 'Port 465, TLS at once.',
          enabled: true,
          anonymous: false,
          nameAndPassword: true,
        }),
      },
      about(internetPort, 'The SMTP ports.'),
    ),
    allHostsExternal: flag(false, about('notes.ini SMTPAllHostsExternal', 'No peer counts as internal.')),
    relayDenyWins: flag(
      false,
      about(
        'notes.ini SMTPRelayAllowHostsandDomains',
        'Release 5 rule for the relay lists: a deny entry always wins.',
      ),
    ),
    verifyAuthenticatedSender: flag(
      true,
      about(
        'notes.ini SMTPVerifyAuthenticatedSender',
        'Who has logged in may send only with their own addresses: MAIL FROM, Sender and From.',
      ),
    ),
    maximumRecipients: number(
      { fallback: 1000, least: 1, kind: 'count' },
      about('notes.ini SMTPMaxRecipientsPerMessage', 'Recipients of one message; beyond: 452.'),
    ),
    maximumSessionsPerHost: number(
      { fallback: 50, least: 1, kind: 'count' },
      about('none', 'Sessions of one peer at once; beyond: 421.'),
    ),
    errorLimit: number(
      { fallback: 20, least: 1, kind: 'count' },
      about(
        'Configuration > Router/SMTP > Advanced > Commands and Extensions: SMTP protocol errors limit',
        'So many refused commands end a session, with 421.',
      ),
    ),
    greetingDelaySeconds: number(
      { fallback: 0, most: 240, kind: 'time' },
      about('none', 'How long the greeting waits; a peer that speaks before it is refused with 554.'),
    ),
  },
  about('Server', 'One server of the domain.'),
);

/** `outboundHostName` is `hostName` where it is not written. */
export type Server = { name: string; outboundHostName: string } & Omit<
  z.output<typeof serverForm>,
  'outboundHostName'
>;
