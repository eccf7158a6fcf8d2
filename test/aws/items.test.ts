/** Items: deliveries as they are stored, and what reads them back. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { itemSize } from '../../aws/item-size.ts';
import { deliveryItem, fromItem, toItem } from '../../aws/items.ts';
import type { Delivery } from '../../mail/spool/records.ts';
import { settleAttempt } from '../../mail/spool/settle.ts';
import { configuration, delivery, now } from '../builders/spool.ts';

const received = [
  'Received: from mx17.sending-company.example (mx17.sending-company.example [198.51.100.23])',
  ' (using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384) by mail1.acme.example with ESMTPS id',
  ' 0mwr80xm1-bd7d3f467dc2b7ef for <alexandra.longname@acme.example>; Sun, 22 Nov 2026 02:31:52 +0000',
].join('\r\n');
const results = [
  'Authentication-Results: mail1.acme.example; spf=pass smtp.mailfrom=bounce.sending-company.example;',
  ' dkim=pass header.d=sending-company.example header.s=k2026; dmarc=pass header.from=sending-company.example',
].join('\r\n');
const address = 'alexandra.longname@acme.example';
const because = {
  document: 'Person Alexandra Longname/Sales/Acme',
  field: 'mailFile',
  entry: 'mail/alongname',
};
const at = now.toISOString();

const typical = delivery({
  message: '0mwr80xm1-bd7d3f467dc2b7ef',
  mailFile: 'mail/alongname',
  bodyKey: 'spool/1b/0mwr80xm1-bd7d3f467dc2b7ef',
  from: 'bounce+8c1d2e3f@bounce.sending-company.example',
  recipients: [{ address, original: address, outcome: 'waiting', because }],
  edits: [
    { op: 'prepend', field: received },
    { op: 'prepend', field: results },
    { op: 'prepend', field: `Delivered-To: ${address}` },
  ],
  events: [{ at, stage: 'route', outcome: 'to mail/alongname', recipient: address, because }],
});

test('what is stored reads back as it was', () => {
  assert.deepEqual(fromItem<Delivery>(deliveryItem(typical)), fromItem<Delivery>(toItem(typical)));
});

test('whose quota holds is no news in the open part', () => {
  const quotaOf = { form: 'Person', name: 'Alexandra Longname/Sales/Acme' } as const;
  const item = deliveryItem({ ...typical, quotaMB: 500, quotaOf });
  assert.equal('quotaOf' in item, false);
  assert.deepEqual(fromItem<Delivery>(item).quotaOf, quotaOf);
});

test('what an earlier version stored reads as well', () => {
  assert.deepEqual(fromItem<Delivery>(toItem(typical)).events, typical.events);
});

test('the names that the documentation gives are attributes', () => {
  const item = deliveryItem({
    ...typical,
    lease: 'l',
    leaseUntil: at,
    delayAt: at,
    want: 'hold',
    envid: 'e',
  });
  const names =
    'transport nextHop state recipients attempts claims dueAt expireAt delayAt lease leaseUntil want version from envid';
  for (const name of names.split(' ')) assert.ok(name in item, name);
});

test('a delivery of a usual message is one write unit to its end', () => {
  const claimed: Delivery = {
    ...typical,
    state: 'sending',
    lease: 'x'.repeat(16),
    leaseUntil: at,
    claims: 1,
  };
  const result = { address, outcome: 'delivered' as const, reply: 'Delivered', replyBy: 'X-Notes' as const };
  const next = settleAttempt(claimed, [result], { now, configuration: configuration() });
  const sizes = [typical, claimed, next].map((one) => itemSize(deliveryItem(one)));
  assert.ok(Math.max(...sizes) <= 1024, sizes.join(', '));
});
