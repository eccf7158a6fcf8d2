/**
 * VRFY and EXPN, off unless the Configuration switches them on (RFC 5321 section 3.5): they tell strangers who is
 * in the directory.
 */
import { logSafe } from '../mail/address/address.ts';
import type { Entry } from '../mail/directory/directory.ts';
import { noSuchUser550, notUnique553 } from '../mail/reply/message-replies.ts';
import { reply } from '../mail/reply/reply.ts';
import { notImplemented502, syntaxError501 } from '../mail/reply/session-replies.ts';
import { say, type Answer } from './answer.ts';
import type { Dialogue } from './dialogue.ts';

export async function verify(dialogue: Dialogue, argument: string): Promise<Answer> {
  const settings = await dialogue.house.settings();
  if (!settings.configuration.inboundCommands.vrfy) return say(notImplemented502);
  const name = bare(argument);
  if (name === '') return say(syntaxError501('VRFY takes a name or an address'));
  const found = await find(dialogue, name);
  if (found.length === 0) return say(noSuchUser550(logSafe(name)));
  if (found.length > 1) return say(notUnique553(logSafe(name), logSafe(name)));
  return say(reply(250, '1.5', describe(found[0]!)));
}

export async function expand(dialogue: Dialogue, argument: string): Promise<Answer> {
  const settings = await dialogue.house.settings();
  if (!settings.configuration.inboundCommands.expn) return say(notImplemented502);
  const name = bare(argument);
  if (name === '') return say(syntaxError501('EXPN takes the name of a group'));
  const group = await dialogue.house.doors.directory.group(name);
  if (group === undefined) return say(noSuchUser550(logSafe(name)));
  const members = group.members.map((member) => logSafe(member));
  return say(reply(250, '1.5', members.join('\n') || 'no members'));
}

async function find(dialogue: Dialogue, name: string): Promise<Entry[]> {
  const { directory } = dialogue.house.doors;
  const found = name.includes('@') ? await directory.findAddress(name) : await directory.findName(name);
  return [...new Map(found.map((entry) => [`${entry.form} ${entry.name}`, entry])).values()];
}

function describe({ name, document }: Entry): string {
  const { internetAddress } = document;
  return internetAddress === undefined ? logSafe(name) : `${logSafe(name)} <${logSafe(internetAddress)}>`;
}

function bare(argument: string): string {
  return argument.trim().replace(/^<(.*)>$/s, '$1');
}
