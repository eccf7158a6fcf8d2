/** What `postern trace` may tell (Configuration, Message Tracking). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forms } from '../../../mail/document/forms.ts';
import { trackingOf } from '../../../mail/router/tracking.ts';
import { outboundSettings } from '../../builders/outbound.ts';
import { envelope } from '../../builders/spool.ts';
import { planned } from './world.ts';

const off = (field: string, entry: string) => ({ off: { document: 'Configuration *', field, entry } });
const subject = '=?utf-8?q?Gr=C3=BC=C3=9Fe?=';

const cases: readonly (readonly [why: string, tracking: object, told: object | undefined])[] = [
  ['by default all but the subject', {}, undefined],
  ['with subjects', { subjects: true }, { subject: 'Grüße' }],
  ['switched off', { enabled: false, subjects: true }, off('tracking.enabled', 'false')],
  [
    'its sender excepted',
    { exceptFor: ['@elsewhere.example'] },
    off('tracking.exceptFor', '@elsewhere.example'),
  ],
  [
    'a recipient excepted',
    { exceptFor: ['Alice@ACME.example'] },
    off('tracking.exceptFor', 'Alice@ACME.example'),
  ],
  ['a group of people excepted', { exceptFor: ['Board'] }, off('tracking.exceptFor', 'Board')],
  ['others excepted', { exceptFor: ['carl@acme.example'] }, undefined],
];
const board = { name: 'Board', ...forms.Group.parse({ members: ['Alice Example/Acme'] }) };

for (const [why, tracking, told] of cases)
  test(why, () => {
    const settings = {
      ...outboundSettings({ tracking }),
      groups: { board },
      people: { 'alice example/acme': 'alice@acme.example' },
    };
    assert.deepEqual(trackingOf(envelope({ header: { subject } }), settings), told);
  });

test('the record of the message says so, planned or waiting', async () => {
  const configuration = { tracking: { enabled: false } };
  const expected = off('tracking.enabled', 'false');
  assert.deepEqual((await planned({ configuration })).message.tracking, expected);
  const server = { smtpRouting: false };
  assert.deepEqual((await planned({ configuration, server })).message.tracking, expected);
});
