/**
 * What becomes of accepted mail: outbound controls, delivery, transfer, undeliverable mail.
 */
import { hours } from './checks.ts';
import { entryList } from './entry-list.ts';
import { about, choice, flag, number, section, text } from './fields.ts';

const controls = 'Configuration > Router/SMTP > Restrictions and Controls';
const outbound = `${controls} > SMTP Outbound Controls`;
const deliveryTab = `${controls} > Delivery Controls`;
const transferTab = `${controls} > Transfer Controls`;
const undeliverableTab = `${controls} > Restrictions`;

const outboundSenders = section(
  {
    allow: entryList(
      'outbound-senders',
      about(
        `${outbound}: Allow messages only from the following internet addresses to be sent to the internet`,
        'Only these senders may write outside. Empty: all.',
      ),
    ),
    deny: entryList(
      'outbound-senders',
      about(
        `${outbound}: Deny messages from the following internet addresses to be sent to the internet`,
        'These senders may not write outside.',
      ),
    ),
  },
  about(outbound, 'Who may write outside: addresses and groups.'),
);

const outboundRecipients = section(
  {
    allow: entryList(
      'addresses',
      about(
        `${outbound}: Allow messages only to recipients in the following internet domains or host names`,
        'Mail goes out only to these. Empty: all.',
      ),
    ),
    deny: entryList(
      'addresses',
      about(
        `${outbound}: Deny messages to recipients in the following internet domains or host names`,
        'No mail goes out to these.',
      ),
    ),
  },
  about(outbound, 'Whom people may write to: domains, addresses, groups, MX host names.'),
);

const delivery = section(
  {
    overQuota: choice(
      ['deliver', 'return', 'hold'],
      'deliver',
      about(
        `${deliveryTab}: Over quota enforcement`,
        'When the mail file is full: `deliver` all the same, `return` to the sender, or `hold` until there is room or the time is up.',
      ),
    ),
    junkUntrusted: flag(
      false,
      about(
        `${deliveryTab}: Deliver untrusted mail to Junk`,
        'Mail failing SPF or DMARC goes to the Junk folder.',
      ),
    ),
    junkSoftfail: flag(
      false,
      about('notes.ini RouterJunkDeliverSoftfail', 'Mail with SPF softfail goes there, too.'),
    ),
    junkExceptions: entryList(
      'addresses',
      about(`${deliveryTab}: exceptions for Junk delivery`, 'Senders whose mail never goes there.'),
    ),
  },
  about(deliveryTab, 'Delivery into mail files.'),
);

const transfer = section(
  {
    maximumHopCount: number(
      { fallback: 40, least: 1, kind: 'count' },
      about(`${transferTab}: Maximum hop count`, 'Received fields that a message may have.'),
    ),
    initialRetryMinutes: number(
      { fallback: 15, kind: 'positive-time' },
      about(
        `${transferTab}: Initial transfer retry interval`,
        'Waits of 1, 2, 3 times this, at most 4 hours.',
      ),
    ),
    timeoutHours: number(
      { fallback: 24, most: 240, kind: 'positive-time' },
      about('notes.ini MailTimeout', 'After this the sender gets a report of failure.'),
    ),
    delayNotificationMinutes: number(
      { fallback: 0, kind: 'time' },
      about(`${transferTab}: Delay notification`, 'After this the sender gets a report of delay; 0: never.'),
    ),
    lowPriorityHours: text(
      '00:00-06:00',
      about(
        `${transferTab}: Low priority mail routing time range`,
        'When low priority mail leaves, `HH:MM-HH:MM` UTC.',
      ),
      hours,
    ),
    lowPriorityNotification: choice(
      ['never', 'policy', 'requested', 'all'],
      'never',
      about(
        `${transferTab}: Low-priority delay notification`,
        'Whether a sender is told that low priority mail waits.',
      ),
    ),
    concurrentPerHost: number(
      { fallback: 10, least: 1, kind: 'count' },
      about(`${transferTab}: Maximum concurrent transfer threads`, 'Sessions to one next hop at a time.'),
    ),
  },
  about(transferTab, 'Sending.'),
);

const undeliverable = section(
  {
    hold: flag(
      false,
      about(`${undeliverableTab}: Hold undeliverable mail`, 'Failed mail is held instead of reported.'),
    ),
    processDeadMail: flag(
      false,
      about(
        'notes.ini RouterProcessDeadMail',
        'Mail whose report could not be given to anybody, either, is dead. Off: it stays until an administrator acts; on: it is tried again by itself.',
      ),
    ),
    deadMailAttempts: number(
      { fallback: 12, kind: 'count' },
      about(
        'notes.ini RouterDeadMailAttempts',
        'Rounds of `processDeadMail` before dead mail is dropped; 0: at once.',
      ),
    ),
  },
  about(undeliverableTab, 'Mail that can neither be delivered nor returned.'),
);

export const outboundControls = { outboundSenders, outboundRecipients, delivery, transfer, undeliverable };
