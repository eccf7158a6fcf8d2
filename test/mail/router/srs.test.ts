/** SRS0: the sender of forwarded mail, there and back, and nothing that a stranger could make up. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { makeAddress, type Address } from '../../../mail/address/address.ts';
import { parseAddress } from '../../../mail/address/path.ts';
import { srsOriginal, srsSender } from '../../../mail/router/srs.ts';
import { atRecipient } from '../../../mail/policy/stages.ts';
import type { PolicyContext } from '../../../mail/policy/context.ts';
import { address, world } from '../policy/world.ts';
import { now } from '../../builders/spool.ts';
import { leavesOf, routerWorld } from './world.ts';

const { settings } = routerWorld({ configuration: { routing: { forwardingSender: 'rewrite' } } });
const rewritten = srsSender(address('carl@far.example'), settings, now);

function changed(find: string | RegExp, put: string): Address {
  return address(rewritten.text.replace(find, put));
}

describe('a rewritten sender', () => {
  test('has the shape of the scheme, at the primary domain', () => {
    assert.match(rewritten.text, /^SRS0=[A-Z2-7]{8}=[A-Z2-7]{2}=far\.example=carl@acme\.example$/);
  });

  test('leads back', () => assert.equal(srsOriginal(rewritten, settings)?.text, 'carl@far.example'));

  for (const [why, changedOne] of [
    ['in lower case, as some servers write it', address(rewritten.text.toLowerCase())],
    ['at an alias or the host name', address(rewritten.text.replace('acme.example', 'mail1.acme.example'))],
  ] as const)
    test(`leads back ${why}`, () =>
      assert.equal(srsOriginal(changedOne, settings)?.text, 'carl@far.example'));

  for (const [why, forged] of [
    ['another sender', changed('=carl', '=anna')],
    ['another domain', changed('far.example', 'near.example')],
    ['another day', changed(/=..=far/, '=AA=far')],
    ['no hash', changed(/=[A-Z2-7]{8}=/, '=AAAAAAAA=')],
    ['another domain behind the @', changed('@acme.example', '@far.example')],
    ['a domain that is none', changed('far.example', 'far!example')],
  ] as const)
    test(`does not with ${why}`, () => assert.equal(srsOriginal(forged, settings), undefined));

  test('does not under another key', () => {
    const other = { ...settings, forwardingKey: Buffer.alloc(32, 8).toString('base64') };
    assert.equal(srsOriginal(rewritten, other), undefined);
    const { forwardingKey: _, ...without } = settings;
    assert.equal(srsOriginal(rewritten, without), undefined);
  });

  test('goes there and back whatever the local part is', () => {
    const locals = fc
      .stringMatching(/^[ -~]{1,40}$/)
      .filter((local) => local.trim() === local && local !== '');
    fc.assert(
      fc.property(locals, (local) => {
        const sender = makeAddress(local, 'far.example');
        const there = parseAddress(srsSender(sender, settings, now).text);
        assert.ok(there.ok);
        assert.equal(srsOriginal(there.value, settings)?.local, sender.local);
      }),
    );
  });
});

describe('nothing is rewritten', () => {
  const kept = routerWorld().settings;
  const { forwardingKey: _, ...without } = settings;
  for (const [why, sender, other] of [
    ['of our own', 'bob@acme.example', settings],
    ['where the Configuration says keep', 'carl@far.example', kept],
    ['without a key', 'carl@far.example', without],
  ] as const)
    test(why, () => assert.equal(srsSender(address(sender), other, now).text, sender));
});

describe('at RCPT', () => {
  const { settings: given, directory } = routerWorld({
    configuration: { routing: { forwardingSender: 'rewrite' } },
  });
  const context: PolicyContext = { ...world(), settings: given, directory };
  const answer = async (recipient: Address) =>
    (await atRecipient(context, { sender: null, recipient })).outcome;

  test('a rewritten sender is somebody', async () => assert.equal(await answer(rewritten), 'accept'));
  for (const local of ['carl%ACME', 'carl%sales', 'far!carl', 'a@b'])
    test(`so it is where it stands for ${local}`, async () => {
      const sender = srsSender(makeAddress(local, 'far.example'), given, now);
      assert.equal(await answer(sender), 'accept');
      const routing = { forwardingSender: 'rewrite', smtpOutsideLocalDomain: true };
      const [leaf] = await leavesOf(sender.text, { configuration: { routing } });
      assert.deepEqual([leaf?.way, leaf?.address], ['hop', makeAddress(local, 'far.example').text]);
    });
  test('a forged one is nobody', async () => assert.equal(await answer(changed('=carl', '=anna')), 'refuse'));
});
