/**
 * The Configuration document. Its `name` is a server's, a group of servers', or `*`; the most specific one
 * applies, whole.
 */
import { internetDomain, secretName, selector } from './checks.ts';
import { entryList } from './entry-list.ts';
import * as z from 'zod';
import { inboundControls } from './configuration-inbound.ts';
import { routing } from './configuration-routing.ts';
import { outboundControls } from './configuration-transfer.ts';
import { about, choice, flag, form, requiredText, section } from './fields.ts';
import { rule } from './rule.ts';

const commands = 'Configuration > Router/SMTP > Advanced > Commands and Extensions';
const conversionTab = 'Configuration > MIME > Conversion Options > Outbound';
const trackingTab = 'Configuration > Router/SMTP > Message Tracking';
const failures = 'Configuration > Router/SMTP > Advanced > Controls: Failure messages';

function extension(fallback: boolean, domino: string) {
  return flag(fallback, about(domino, 'EHLO or HELP names it, and it works.'));
}

const inboundCommands = section(
  {
    size: extension(true, `${commands}: SIZE extension`),
    pipelining: extension(true, `${commands}: Pipelining extension`),
    eightBitMime: extension(true, `${commands}: 8 bit MIME extension`),
    dsn: extension(true, `${commands}: DSN extension`),
    smtpUtf8: extension(true, 'none'),
    help: extension(true, `${commands}: HELP command`),
    vrfy: extension(false, `${commands}: VRFY command`),
    expn: extension(false, `${commands}: EXPN command`),
    startTls: choice(
      ['disabled', 'enabled', 'required'],
      'enabled',
      about(
        `${commands}: SSL negotiated over TCP/IP port`,
        'Whether sessions may, or must, turn to TLS. Without TLS there is no AUTH in any case.',
      ),
    ),
  },
  about(commands, 'Commands and extensions of the listener.'),
);

const outboundCommands = section(
  {
    tls: choice(
      ['disabled', 'negotiated', 'required'],
      'negotiated',
      about(
        'Server > Ports > Internet Ports > Mail > SMTP Outbound: TCP/IP port status, Negotiated SSL',
        'negotiated: any certificate; required: a certificate verified for the host, else the mail waits.',
      ),
    ),
    fallbackToPlain: flag(
      false,
      about('notes.ini RouterFallbackNonTLS', 'After a failed handshake mail leaves in clear.'),
    ),
    dsn: flag(true, about(`${commands}: Outbound DSN extension`, 'Used where offered.')),
    pipelining: flag(true, about(`${commands}: Outbound pipelining extension`, 'Used where offered.')),
    size: flag(true, about(`${commands}: Outbound SIZE extension`, 'Used where offered.')),
    eightBitMime: flag(true, about(`${commands}: Outbound 8 bit MIME extension`, 'Used where offered.')),
    smtpUtf8: flag(true, about('none', 'Used where offered.')),
  },
  about(commands, 'Commands and extensions of sending.'),
);

const conversion = section(
  {
    lookupInternetAddress: flag(
      false,
      about(
        `${conversionTab}: Lookup Internet address for all Notes addresses`,
        "Senders are replaced by the Person's Internet address.",
      ),
    ),
    phrase: choice(
      ['none', 'distinguished-name', 'common-name', 'remove'],
      'none',
      about(
        `${conversionTab}: Phrase handling`,
        'Display name added to converted senders: none, the whole name, the common name; `remove` takes away the one that is there.',
      ),
    ),
  },
  about(conversionTab, "Conversion of our own people's addresses."),
);

const dkim = 'notes.ini RouterDKIMSigning, DKIM_KEY_<domain>';

const dkimSigning = z
  .array(
    z.strictObject({
      domain: requiredText(about(dkim, 'Domain of From.'), internetDomain),
      selector: requiredText(about(dkim, 'Selector.'), selector),
      secret: requiredText(about(dkim, 'Name of the secret with a PEM private key.'), secretName),
    }),
  )
  .default([])
  .meta(about(dkim, "Our own people's mail leaving with From in `domain` is signed."));

export const failureClasses = [
  'transfer',
  'delivery',
  'expiration',
  'domain',
  'user',
  'size',
  'restriction',
  'delay',
] as const;

const failureText = section(
  Object.fromEntries(
    failureClasses.map((name) => [
      name,
      z
        .string()
        .optional()
        .meta(about(failures, `Text added to reports of class ${name}.`)),
    ]),
  ) as Record<(typeof failureClasses)[number], z.ZodOptional<z.ZodString>>,
  about(failures, 'Text added to reports, by class of failure.'),
);

const tracking = section(
  {
    enabled: flag(true, about(`${trackingTab}: Message tracking`, '`postern trace` knows messages.')),
    subjects: flag(false, about(`${trackingTab}: Log message subjects`, 'It may know subjects.')),
    exceptFor: entryList(
      'addresses',
      about(
        `${trackingTab}: Don't track messages for`,
        'People and addresses whose messages it does not know.',
      ),
    ),
  },
  about(trackingTab, 'What `postern trace` can tell.'),
);

export const configurationForm = form(
  {
    routing,
    ...inboundControls,
    ...outboundControls,
    inboundCommands,
    outboundCommands,
    conversion,
    dkimSigning,
    rules: z
      .array(rule)
      .default([])
      .meta(
        about(
          'Configuration > Router/SMTP > Restrictions and Controls > Rules',
          'Mail rules, in the order in which they run.',
        ),
      ),
    failureText,
    tracking,
  },
  about('Configuration', 'How a server, a group of servers or all servers (`*`) treat mail.'),
);

export type DkimSigning = { domain: string; selector: string; secret: string };
export type Configuration = { name: string } & z.output<typeof configurationForm>;
