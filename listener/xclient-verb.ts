/**
 * XCLIENT: the session becomes that of the peer whom the proxy names. Login, hello and transaction are forgotten,
 * the connection rules run for that peer, and the reply is its greeting or refusal.
 */
import { badSequence503, syntaxError501 } from '../mail/reply/session-replies.ts';
import { reply, type Reply } from '../mail/reply/reply.ts';
import { admit, isTrustedProxy } from './admission.ts';
import { say, type Answer } from './answer.ts';
import type { Dialogue } from './dialogue.ts';
import { readXclient, xclientAttributes } from './xclient.ts';

const notTrusted550: Reply = reply(550, '7.0', 'XCLIENT is taken from trusted proxies only, once');

export async function xclient(dialogue: Dialogue, argument: string): Promise<Answer> {
  const settings = await dialogue.house.settings();
  if (!isTrustedProxy(dialogue, settings)) return say(notTrusted550);
  if (dialogue.transaction !== undefined) return say(badSequence503);
  const facts = readXclient(argument.split(/\s+/).filter(Boolean));
  if (facts === undefined)
    return say(syntaxError501(`XCLIENT takes ${xclientAttributes.join(', ')}, as NAME=value in xtext`));
  const { name, nameFailed, address = dialogue.connected.address } = facts;
  dialogue.handOver({ address, ...(name !== undefined && { name }), ...(nameFailed && { nameFailed }) });
  if (facts.helo !== undefined) dialogue.hello = { name: facts.helo, esmtp: facts.esmtp ?? true };
  return admit(dialogue);
}
