import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { isLoopback, plainAddress } from '../../../mail/policy/peer.ts';

/** The short way for four plain numbers says what ipaddr.js says of every text. */
test('an address has one spelling, and is loopback or not, however it is written', () => {
  const number = fc.oneof(fc.nat(300), fc.constantFrom('0', '00', '01', '127', '0127', '0x7f', '256', ''));
  const dotted = fc.array(number, { minLength: 1, maxLength: 5 }).map((numbers) => numbers.join('.'));
  const text = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    dotted,
    fc.constantFrom('::1', '::ffff:127.0.0.1', '127.0.0.1.'),
  );
  fc.assert(
    fc.property(text, (address) => {
      const parsed = ipaddr.isValid(address) ? ipaddr.process(address) : undefined;
      assert.equal(plainAddress(address), parsed?.toString() ?? address);
      assert.equal(isLoopback(address), parsed?.range() === 'loopback');
    }),
    { numRuns: 2_000 },
  );
});
