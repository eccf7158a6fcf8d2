/** Junk and its exceptions, with the field and entry that decided. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forms } from '../../../mail/document/forms.ts';
import { folderOf } from '../../../mail/mailbox/folder.ts';
import { outboundSettings } from '../../builders/outbound.ts';
import { envelope } from '../../builders/spool.ts';

const junk = { junkUntrusted: true, junkSoftfail: true };
const cases: readonly (readonly [
  why: string,
  exceptions: readonly string[],
  mail: object,
  decided: string,
])[] = [
  ['nothing excepted', [], {}, 'Junk delivery.junkUntrusted true'],
  ['softfail', [], { trust: 'softfail' }, 'Junk delivery.junkSoftfail true'],
  ['MAIL FROM itself', ['Bob@elsewhere.example'], {}, 'Inbox delivery.junkExceptions Bob@elsewhere.example'],
  ['its domain', ['@elsewhere.example'], {}, 'Inbox delivery.junkExceptions @elsewhere.example'],
  ['a domain above', ['example'], {}, 'Junk delivery.junkUntrusted true'],
  [
    'a domain below',
    ['elsewhere.example'],
    { from: 'x@mx.elsewhere.example' },
    'Inbox delivery.junkExceptions elsewhere.example',
  ],
  [
    'a look-alike',
    ['elsewhere.example'],
    { from: 'x@evilelsewhere.example' },
    'Junk delivery.junkUntrusted true',
  ],
  [
    'From, where MAIL FROM is another',
    ['news@paper.example'],
    { from: 'bounce@mailer.example', header: { from: 'The Paper <news@paper.example>' } },
    'Inbox delivery.junkExceptions news@paper.example',
  ],
  [
    'from <>',
    ['paper.example'],
    { from: '', header: { from: 'a@paper.example' } },
    'Inbox delivery.junkExceptions paper.example',
  ],
  [
    'a From that cannot be read',
    ['paper.example'],
    { from: '', header: { from: '"a@paper.example' } },
    'Junk delivery.junkUntrusted true',
  ],
  ['a group', ['Partners'], {}, 'Inbox delivery.junkExceptions Partners'],
  ['trusted mail is in no doubt', [], { trust: undefined }, 'Inbox'],
];
const group = { name: 'Partners', ...forms.Group.parse({ members: ['bob@elsewhere.example'] }) };

for (const [why, junkExceptions, mail, decided] of cases)
  test(why, () => {
    const settings = outboundSettings({ delivery: { ...junk, junkExceptions } });
    const one = envelope({ trust: 'untrusted', ...mail });
    const { folder, because } = folderOf(one, { ...settings, groups: { partners: group } });
    assert.equal([folder, because?.field, because?.entry].join(' ').trim(), decided);
  });
