/** What waits before routing is routed later as new mail, whichever record has its recipients. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leavesOutRecipients } from '../../../mail/spool/message-record.ts';
import { waitingBeforeRouting } from '../../../mail/spool/waiting.ts';
import { envelope, now } from '../../builders/spool.ts';

const facts = { phase: 'unrouted', state: 'held', reason: 'rule wait', now, timeoutHours: 24 } as const;
const people = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ address: `p${n}@acme.example` }));
const longer = people(900).map(({ address }) => ({ address: `somebody.on.one.more.long.list.${address}` }));
const fields = Array.from(
  { length: 5_000 },
  (_, n) => `list-${n}-of-very-many-more-of-them@lists.there.example`,
);
const why = { document: `Configuration ${'x'.repeat(400)}`, field: 'inboundRecipients.allow' };

for (const [what, given] of [
  ['of one', envelope()],
  ['of a thousand', envelope({ recipients: people(1_000) })],
  ['of more than one record takes', envelope({ recipients: people(1_001) })],
  ['large by its header', envelope({ recipients: longer, header: { deliveredTo: fields } })],
  [
    'large by the reasons of its acceptance',
    envelope({ recipients: people(800).map((one) => ({ ...one, accepted: why })) }),
  ],
] as const)
  test(`an envelope ${what}: record m has the recipients, or every delivery is marked as not routed`, () => {
    const { message, deliveries } = waitingBeforeRouting(given, facts);
    const marked = deliveries.map(({ unrouted = false }) => unrouted);
    assert.deepEqual([...new Set(marked)], [leavesOutRecipients(message)]);
    assert.equal(deliveries.flatMap(({ recipients }) => recipients).length, given.recipients.length);
  });
