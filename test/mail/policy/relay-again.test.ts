import assert from 'node:assert/strict';
import { test } from 'node:test';
import { relayAgain } from '../../../mail/policy/relay-again.ts';
import { settingsOf } from './world.ts';

test('the router, too, refuses who routes on by a domain that is allowed', async () => {
  const session = { id: 's', port: 'smtp', peer: '192.0.2.1', helo: 'h', standing: 'external' } as const;
  const settings = settingsOf({ configuration: { inboundRelay: { allowDestinations: ['foo.com'] } } });
  assert.equal((await relayAgain(settings, session, 'u@foo.com')).outcome, 'accept');
  const { outcome, because } = await relayAgain(settings, session, 'u%bar.com@foo.com');
  assert.deepEqual([outcome, because?.field], ['refuse', 'inboundRelay.allowDestinations']);
});
