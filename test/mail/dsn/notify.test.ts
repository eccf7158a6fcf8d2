/** From NOTIFY, as the client gave it, over routing and an attempt to the report: who is told what (RFC 3461 section 5.2). */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { composeReport } from '../../../mail/dsn/compose.ts';
import type { RecipientResult } from '../../../mail/relay/doors.ts';
import type { Delivery, ReportRecord } from '../../../mail/spool/records.ts';
import { gatherReport } from '../../../mail/spool/report.ts';
import { settleAttempt } from '../../../mail/spool/settle.ts';
import { configuration as configurationOf, messageRecord, now } from '../../builders/spool.ts';
import { planned, type RouterWorld } from '../router/world.ts';

type Result = Omit<RecipientResult, 'address'>;

const world = {
  configuration: { routing: { smtpOutsideLocalDomain: true, relayHost: 'relay.example:587' } },
  groups: [{ name: 'Team', internetAddress: 'team@acme.example', members: ['Alice Example/Acme'] }],
} satisfies RouterWorld;

interface Given {
  readonly to: string;
  readonly notify?: string | undefined;
  readonly orcpt?: string;
  readonly from?: string;
  readonly late?: boolean;
  readonly configuration?: object;
}

/** Routes the message, makes one attempt where something waits, and gathers what is owed. */
async function reportOf(given: Given, result: Result): Promise<ReportRecord | undefined> {
  const { to, notify, orcpt, from = 'you@far.example' } = given;
  const recipient = { address: to, ...(notify && { notify }), ...(orcpt && { orcpt }) };
  const { configuration } = world;
  const routed = { ...world, configuration: { ...configuration, ...given.configuration } };
  const plan = await planned({ ...routed, envelope: { from, recipients: [recipient] } });
  const late = given.late === true ? { delayAt: plan.message.acceptedAt } : {};
  const settled = plan.deliveries.map((delivery): Delivery => {
    const waiting = delivery.recipients.filter(({ outcome }) => outcome === 'waiting');
    if (waiting.length === 0) return delivery;
    const results = waiting.map(({ address }) => ({ address, ...result }));
    const context = { now, configuration: configurationOf({ ...configuration }) };
    return settleAttempt({ ...delivery, ...late, state: 'sending' }, results, context);
  });
  return gatherReport(messageRecord({ envelope: plan.message.envelope }), settled, now)?.report;
}

const delivered: Result = { outcome: 'delivered', reply: 'Delivered', replyBy: 'X-Notes' };
const relayed: Result = { outcome: 'relayed', reply: '250 2.1.5 Ok', replyBy: 'smtp', dsn: false };
const promised: Result = { ...relayed, dsn: true };
const failed: Result = { outcome: 'failed', reply: '550 5.1.1 No such user', replyBy: 'smtp' };
const waits: Result = { outcome: 'waiting', reply: '451 4.3.0 Not now', replyBy: 'smtp' };

const here = 'alice@acme.example';
const there = 'carl@there.example';
const none = undefined;

describe('NOTIFY', () => {
  const rows: readonly (readonly [why: string, given: Given, result: Result, told: string | undefined])[] = [
    ['nothing asked: no word of success', { to: here }, delivered, none],
    ['nothing asked: failures are told', { to: there }, failed, 'failed'],
    ['nothing asked: delays are told (Domino)', { to: there, late: true }, waits, 'delayed'],
    ['a delay before its time is not told', { to: there }, waits, none],
    ['NEVER: not even a failure', { to: there, notify: 'NEVER' }, failed, none],
    ['NEVER: no delay', { to: there, notify: 'NEVER', late: true }, waits, none],
    ['NEVER: no success', { to: here, notify: 'NEVER' }, delivered, none],
    ['SUCCESS: into a mailbox', { to: here, notify: 'SUCCESS' }, delivered, 'delivered'],
    ['SUCCESS: a server that says nothing itself', { to: there, notify: 'SUCCESS' }, relayed, 'relayed'],
    ['SUCCESS: a server that reports itself', { to: there, notify: 'SUCCESS' }, promised, none],
    ['SUCCESS alone: no failure', { to: there, notify: 'SUCCESS' }, failed, none],
    ['SUCCESS alone: no delay', { to: there, notify: 'SUCCESS', late: true }, waits, none],
    ['FAILURE: no success', { to: here, notify: 'FAILURE' }, delivered, none],
    ['FAILURE', { to: there, notify: 'FAILURE' }, failed, 'failed'],
    ['FAILURE alone: no delay', { to: there, notify: 'FAILURE', late: true }, waits, none],
    ['DELAY alone: no failure', { to: there, notify: 'DELAY' }, failed, none],
    ['DELAY', { to: there, notify: 'DELAY', late: true }, waits, 'delayed'],
    ['all three, delivered', { to: here, notify: 'SUCCESS,FAILURE,DELAY' }, delivered, 'delivered'],
    ['all three, failed', { to: there, notify: 'SUCCESS,FAILURE,DELAY' }, failed, 'failed'],
    [
      'a group: expanded, and members say no more',
      { to: 'team@acme.example', notify: 'SUCCESS' },
      delivered,
      'expanded',
    ],
    ['a group, nothing asked', { to: 'team@acme.example' }, delivered, none],
    ['unknown here: told by the router', { to: 'no@acme.example' }, failed, 'failed'],
    ['unknown here, NEVER', { to: 'no@acme.example', notify: 'NEVER' }, failed, none],
    ['from <>: nothing is ever told', { to: there, from: '' }, failed, none],
    ['from <>, SUCCESS', { to: here, from: '', notify: 'SUCCESS' }, delivered, none],
  ];
  for (const [why, given, result, told] of rows)
    test(why, async () => {
      const report = await reportOf(given, result);
      assert.equal(report?.recipients.map(({ owes }) => owes).join(), told);
    });
});

describe('the report that comes of it', () => {
  const text = async (given: Given, result: Result): Promise<string> => {
    const report = await reportOf(given, result);
    return composeReport(report!, {
      hostName: 'mail1.acme.example',
      domain: 'acme.example',
      envelope: messageRecord().envelope,
      failureText: { delay: 'Have patience.', transfer: 'Call the help desk.' },
      original: { bytes: Buffer.from('Subject: Hello\r\n\r\n'), whole: false },
    }).toString();
  };
  const notify = 'SUCCESS,DELAY,FAILURE';
  const rows: readonly (readonly [string, Given, Result, readonly RegExp[]])[] = [
    [
      'delivered',
      { to: here, notify, orcpt: 'rfc822;Alice+40acme.example' },
      delivered,
      [
        /^Subject: DELIVERED: alice@acme\.example\r$/m,
        /^was delivered to:\r\n\r\n {2}alice@acme\.example\r$/m,
        /^Original-Recipient: rfc822; Alice@acme\.example\r\nFinal-Recipient: rfc822; alice@acme\.example\r\nAction: delivered\r\nStatus: 2\.0\.0\r\nLast-Attempt/m,
      ],
    ],
    [
      'relayed',
      { to: there, notify },
      relayed,
      [
        /^Subject: RELAYED: carl@there\.example\r$/m,
        /sends no notifications, for:\r\n\r\n {2}carl@there\.example\r$/m,
        /^Action: relayed\r\nStatus: 2\.1\.5\r\nDiagnostic-Code: smtp; 250 2\.1\.5 Ok\r$/m,
      ],
    ],
    [
      'expanded',
      { to: 'team@acme.example', notify },
      delivered,
      [
        /^Subject: EXPANDED: team@acme\.example\r$/m,
        /^was passed on to the members of:/m,
        /^Action: expanded\r\nStatus: 2\.0\.0\r$/m,
      ],
    ],
    [
      'delayed',
      { to: there, notify, late: true },
      waits,
      [
        /^Subject: DELIVERY DELAYED: 451 4\.3\.0 Not now\r$/m,
        /^has not been delivered yet to:[^]*^Delivery is tried until .*; you need not send it again\.\r\n\r\nHave patience\.\r$/m,
        /^Action: delayed\r\nStatus: 4\.3\.0\r\n[^]*^Will-Retry-Until: .* \+0000\r$/m,
      ],
    ],
    [
      'failed',
      { to: there, notify },
      failed,
      [
        /^Subject: DELIVERY FAILURE: 550 5\.1\.1 No such user\r$/m,
        /^Call the help desk\.\r$/m,
        /^Action: failed\r\nStatus: 5\.1\.1\r$/m,
      ],
    ],
  ];
  for (const [why, given, result, patterns] of rows)
    test(why, async () => {
      const found = await text(given, result);
      for (const pattern of patterns) assert.match(found, pattern);
      assert.doesNotMatch(found.replace(/^Original-Recipient: rfc822; Alice.*$/m, ''), /Original-Recipient/);
    });
});
