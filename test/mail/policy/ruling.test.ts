/** Promise 5 for what could not be decided: 451 names the field that had to ask. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atConnect, atMail, atRecipient } from '../../../mail/policy/stages.ts';
import type { Verdict } from '../../../mail/policy/verdict.ts';
import { address, path, world, type World } from './world.ts';

const down = { 'ptr 192.0.2.1': 'down', 'mx there.example': 'down' } as const;
const configured = (configuration: Record<string, unknown>): World => ({ configuration, dns: down });
const lists = { privateBlacklist: { enabled: true, hosts: ['abc.com'] } };

type Ask = (given: World) => Promise<Verdict>;
const connecting: Ask = async (given) => (await atConnect(world(given))).verdict;
const mail: Ask = async (given) =>
  (await atMail(world(given), { sender: path('<a@there.example>') })).verdict;
const to =
  (recipient: string): Ask =>
  (given) =>
    atRecipient(world(given), { sender: null, recipient: address(recipient) });

const deferred: readonly (readonly [ask: Ask, given: World, field: string])[] = [
  [connecting, configured({ inboundConnections: { deny: ['abc.com'] } }), 'inboundConnections.deny'],
  [connecting, configured({ inboundConnections: { allow: ['abc.com'] } }), 'inboundConnections.allow'],
  [connecting, configured(lists), 'relayEnforcement.hosts'],
  [connecting, configured({ ...lists, relayEnforcement: { hosts: 'all' } }), 'relayEnforcement.hosts'],
  [mail, configured({ inboundConnections: { verifyHostName: true } }), 'inboundConnections.verifyHostName'],
  [mail, configured({ inboundSenders: { verifyDomain: true } }), 'inboundSenders.verifyDomain'],
  [mail, { directoryDown: true, auth: 'Alice Example/Acme' }, 'verifyAuthenticatedSender'],
  [to('alice@acme.example'), { directoryDown: true }, 'inboundRecipients.verifyLocal'],
  [to('a@elsewhere.example'), { dns: down }, 'relayEnforcement.hosts'],
  [
    to('a@elsewhere.example'),
    { ...configured({ inboundRelay: { allowHosts: ['abc.com'] } }), server: { allHostsExternal: true } },
    'inboundRelay.allowHosts',
  ],
];

test('a deferral says which field had to ask', async (t) => {
  for (const [ask, given, field] of deferred)
    await t.test(field, async () => {
      const verdict = await ask(given);
      assert.equal(verdict.outcome, 'defer');
      assert.equal(verdict.because?.field, field);
      assert.deepEqual(verdict.steps.at(-1)?.because, verdict.because);
    });
});
