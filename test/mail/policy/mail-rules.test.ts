/* oxlint-disable unicorn/no-thenable -- `then` is the documented name of a rule's action; rules are never awaited */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitHeader } from '../../../mail/envelope/header.ts';
import { rulesNeedContent, runRules } from '../../../mail/policy/mail-rules.ts';
import type { RuleFacts } from '../../../mail/policy/rule-items.ts';
import { line } from '../../../mail/reply/reply.ts';
import { address, path, settingsOf } from './world.ts';

const facts: RuleFacts = {
  sender: path('<bounce@list.example>'),
  recipients: [address('jane@acme.example'), address('bob@acme.example'), address('ivo@b\u00fccher.example')],
  header: splitHeader(
    Buffer.from(
      [
        'From: =?utf-8?q?J=C3=BCrgen?= <juergen@News.example>, m@xn--mnchen-3ya.example',
        'To: Jane <jane@acme.example>, bob@acme.example',
        'Cc: Team: ann@acme.example, ann@xn--bcher-kva.example;',
        'Subject: =?utf-8?b?V2luIGEgTG90dGVyeQ==?=',
        'Importance: High',
        'Priority: non-urgent',
        'X-Score: 7.5',
        'X-Folded: one\r\n two\r\n\tthree',
        'X-Twice: one',
        'X-Twice: two',
        '',
        '',
      ].join('\r\n'),
    ),
  ),
  size: 2048,
  hits: [{ list: 'dnsBlacklist', action: 'tag', entry: 'bl.example' }],
  content: { text: 'Dear friend,\nclick here', attachments: ['invoice.PDF.exe', ''] },
};

type Condition = [item: string, is: string, value: string];

function run(rules: object[], given: RuleFacts = facts) {
  return runRules(settingsOf({ configuration: { rules } }), given);
}

function condition([item, is, value]: Condition) {
  return { item, is, value };
}

const conditions: [condition: Condition, holds: boolean, why: string][] = [
  [['sender', 'is', 'BOUNCE@list.example'], true, 'MAIL FROM, without case'],
  [['sender', 'is', 'juergen@news.example'], true, 'or an address of From'],
  [['sender', 'contains', 'j\u00fcrgen'], true, 'or the name that people see'],
  [['sender', 'is', 'juergen'], false, 'is compares the whole'],
  [['subject', 'contains', 'lottery'], true, 'decoded'],
  [['subject', 'is-not', 'Win a lottery'], false, 'is-not'],
  [['subject', 'matches', '^win .* lot+ery$'], true, 'RE2, without case'],
  [['subject', 'matches', 'a lot'], true, 'anywhere in the text'],
  [['subject', 'matches', '^lottery'], false, 'anchored'],
  [['body', 'contains', 'CLICK HERE'], true, 'the text'],
  [['body', 'contains', 'friend, click'], true, 'across the end of a line'],
  [['header:X-Folded', 'is', 'one two three'], true, 'however it is folded'],
  [['header:X-Folded', 'matches', '^one two three$'], true, 'for expressions, too'],
  [['importance', 'is', 'high'], true, 'Importance'],
  [['priority', 'is', 'low'], true, 'non-urgent'],
  [['to', 'is', 'jane@acme.example'], true, 'one address of the list'],
  [['to', 'contains', 'Jane <'], true, 'the field as it is'],
  [['cc', 'is', 'ann@acme.example'], true, 'within a group'],
  [['recipient', 'is', 'bob@acme.example'], true, 'any recipient'],
  [['recipient', 'is-not', 'bob@acme.example'], false, 'is-not: none is equal'],
  [['recipient-count', 'greater-than', '1'], true, 'a number'],
  [['recipient-count', 'is', '3'], true, 'equal numbers'],
  [['size', 'less-than', '2048'], false, 'not less'],
  [['size', 'greater-than', '2047'], true, 'in bytes'],
  [['attachment-name', 'matches', '\\.exe$'], true, 'any attachment'],
  [['attachment-count', 'is', '2'], true, 'one without a name counts'],
  [['internet-domain', 'is', 'list.example'], true, 'of MAIL FROM'],
  [['internet-domain', 'is', 'news.example'], true, 'of From'],
  [['internet-domain', 'is', 'acme.example'], false, "not the recipients'"],
  [['blacklist-tag', 'is', 'bl.example'], true, 'tagged'],
  [['whitelist-tag', 'contains', 'e'], false, 'no tag'],
  [['header:x-score', 'greater-than', '7'], true, 'a header as a number'],
  [['header:X-Twice', 'is', 'two'], true, 'any field of the name'],
  [['header:Absent', 'matches', '.*'], false, 'a field that is not there'],
  [['header:Absent', 'is-not', 'x'], true, 'nothing equals'],
  [['header:Absent', 'is', ''], true, 'what is absent is empty'],
  [['whitelist-tag', 'is-not', ''], false, 'no tag'],
  [['blacklist-tag', 'is-not', ''], true, 'some tag'],
  [['header:X-Score', 'is', ''], false, 'not empty'],
  [['recipient', 'is', 'ivo@b\u00fccher.example'], true, 'an international domain as people write it'],
  [['recipient', 'is', 'ivo@xn--bcher-kva.example'], true, 'and as the protocol does'],
  [['cc', 'is', 'Ann@B\u00fccher.example'], true, 'in a field'],
  [['internet-domain', 'is', 'm\u00fcnchen.example'], true, "the sender's"],
];

test('items and comparisons', () => {
  for (const [asked, holds, why] of conditions) {
    const { outcomes } = run([{ name: 'r', if: [condition(asked)], then: { action: 'drop' } }]);
    assert.equal(outcomes.length === 1, holds, `${asked.join(' ')}: ${why}`);
  }
});

const yes: Condition = ['size', 'greater-than', '0'];
const no: Condition = ['size', 'less-than', '0'];
const rule = (name: string, then: object, more: object = {}) => ({
  name,
  if: [condition(yes)],
  then,
  ...more,
});

const runs: [rules: object[], outcomes: string[], why: string][] = [
  [[rule('a', { action: 'drop' }), rule('b', { action: 'hold' })], ['a drop'], 'the first fate ends the run'],
  [
    [rule('a', { action: 'journal', database: 'J' }), rule('b', { action: 'priority', value: 'low' })],
    ['a journal', 'b priority'],
    'others go on',
  ],
  [
    [rule('a', { action: 'priority', value: 'low' }, { stop: true }), rule('b', { action: 'drop' })],
    ['a priority'],
    'stop ends the run',
  ],
  [
    [rule('a', { action: 'drop' }, { unless: [condition(no), condition(yes)] })],
    [],
    'any exception stops the rule',
  ],
  [[rule('a', { action: 'drop' }, { if: [condition(yes), condition(no)] })], [], 'all'],
  [[rule('a', { action: 'drop' }, { if: [condition(yes), condition(no)], match: 'any' })], ['a drop'], 'any'],
];

test('the order of a run', () => {
  for (const [rules, outcomes, why] of runs)
    assert.deepEqual(
      run(rules).outcomes.map(({ rule, action }) => `${rule} ${action}`),
      outcomes,
      why,
    );
});

test('refuse answers without naming the rule, and says why in its steps', () => {
  const { verdict, outcomes } = run([rule('no lotteries', { action: 'refuse' })]);
  assert.ok(verdict.outcome === 'refuse');
  assert.equal(line(verdict.reply), '554 5.7.1 Message rejected for policy reasons.');
  assert.deepEqual(verdict.because, { document: 'Configuration *', field: 'rules', entry: 'no lotteries' });
  assert.deepEqual(outcomes, []);
});

test('outcomes travel with rule and document', () => {
  assert.deepEqual(run([rule('keep', { action: 'move', database: 'Quarantine' })]).outcomes, [
    { rule: 'keep', document: 'Configuration *', action: 'move', database: 'Quarantine' },
  ]);
});

test('a tag is a header field that cannot start another', () => {
  const { edits, outcomes } = run([rule('t', { action: 'tag', header: 'X-Tag', value: 'seen by rule' })]);
  assert.deepEqual(edits, [{ op: 'prepend', field: 'X-Tag: seen by rule' }]);
  assert.deepEqual(outcomes, []);
});

function asks(item: string, place: 'if' | 'unless'): boolean {
  const rules = [rule('r', { action: 'drop' }, { [place]: [{ item, is: 'is', value: '1' }] })];
  return rulesNeedContent(settingsOf({ configuration: { rules } }));
}

test('the body is asked for only where a rule looks at it', () => {
  assert.equal(asks('subject', 'if'), false);
  assert.equal(asks('body', 'if'), true);
  assert.equal(asks('attachment-count', 'unless'), true);
});

test('no rules: accepted, nothing to do', () => {
  assert.deepEqual(run([]), { verdict: { outcome: 'accept', steps: [] }, outcomes: [], edits: [] });
});
