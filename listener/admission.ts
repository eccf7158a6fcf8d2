/**
 * May this peer have a session? Bounds first, then the connection rules; a trusted proxy is greeted at once, since
 * it will name another peer, and meets the rules only if it sends mail of its own. A refusal stands in place of the
 * greeting: 554, then 503 to everything until QUIT. What must be asked again later is answered at MAIL.
 */
import type { Settings } from '../mail/directory/settings.ts';
import { hostMatcher, type HostMatcher } from '../mail/document/matcher.ts';
import { inServer } from '../mail/policy/ruling.ts';
import { atConnect } from '../mail/policy/stages.ts';
import { greeting220, notGreeted421, tooManySessions421 } from '../mail/reply/session-replies.ts';
import type { Reply } from '../mail/reply/reply.ts';
import { say, type Answer } from './answer.ts';
import type { Dialogue } from './dialogue.ts';

export async function admit(dialogue: Dialogue): Promise<Answer> {
  const { house } = dialogue;
  const settings = await house.knownSettings();
  const turnedAway: Answer = { reply: notGreeted421(house.hostName), then: 'close' };
  if (house.stopping || settings === undefined) return turnedAway;
  if (await house.doors.room.isFull()) {
    dialogue.refusal('connect', turnedAway.reply, { reason: 'storage' });
    return turnedAway;
  }
  house.doors.log.connected({ session: dialogue.id, peer: dialogue.party.address, port: dialogue.port });
  if (isTrustedProxy(dialogue, settings)) return say(greeting(settings));
  return receive(dialogue, settings);
}

/** The peer itself: how many sessions it has, and the connection rules. */
async function receive(dialogue: Dialogue, settings: Settings): Promise<Answer> {
  const { maximumSessionsPerHost: most } = settings.server;
  if (dialogue.enter() > most) {
    const because = inServer(settings, 'maximumSessionsPerHost', `${most}`);
    dialogue.refusal('connect', tooManySessions421, { reason: 'sessions', because });
    return { reply: tooManySessions421, then: 'close' };
  }
  await settle(dialogue);
  const verdict = dialogue.connection?.verdict;
  if (verdict?.outcome !== 'refuse') return say(greeting(settings));
  dialogue.refused(verdict, 'connect');
  return { reply: { code: verdict.reply.code, text: verdict.reply.text }, then: 'refuse-all' };
}

/** Runs the connection rules. Where they cannot run now, or settings are not confirmed, MAIL will ask again. */
async function settle(dialogue: Dialogue): Promise<void> {
  try {
    dialogue.took(await atConnect(dialogue.context(await dialogue.house.settings())));
  } catch (cause) {
    dialogue.unexpected(cause);
  }
}

/** XCLIENT is for the peer that connected, once: whom it names must not name others. */
export function isTrustedProxy(dialogue: Dialogue, settings: Settings): boolean {
  return dialogue.party === dialogue.connected && isTrustedAddress(dialogue.peer.address, settings);
}

export function isTrustedAddress(address: string, settings: Settings): boolean {
  return proxies(settings).trusted.match({ address }) !== undefined;
}

export function needsProxyHeader(address: string, settings: Settings): boolean {
  return proxies(settings).header.match({ address }) !== undefined;
}

interface Proxies {
  readonly trusted: HostMatcher;
  readonly header: HostMatcher;
}

const compiled = new WeakMap<Settings, Proxies>();

function proxies(settings: Settings): Proxies {
  const before = compiled.get(settings);
  if (before !== undefined) return before;
  const { trustedProxies, proxyProtocol } = settings.server;
  const lists = {
    trusted: hostMatcher(trustedProxies, settings),
    header: hostMatcher(proxyProtocol, settings),
  };
  compiled.set(settings, lists);
  return lists;
}

function greeting({ server }: Settings): Reply {
  return greeting220(server.hostName, server.greeting);
}
