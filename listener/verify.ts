/**
 * VRFY and EXPN, off unless the Configuration switches them on (RFC 5321 section 3.5): they tell strangers who is
 * in the directory. An address of ours is looked up as RCPT would; of another domain nothing is said.
 */
import { logSafe } from '../mail/address/address.ts';
import { parseAddress } from '../mail/address/path.ts';
import type { Directory, Entry } from '../mail/directory/directory.ts';
import { isLocalDomain } from '../mail/directory/local-domains.ts';
import type { Settings } from '../mail/directory/settings.ts';
import { lookUpRecipient, type LookUp } from '../mail/directory/look-up.ts';
import { noSuchUser550, notUnique553 } from '../mail/reply/message-replies.ts';
import { reply, type Reply } from '../mail/reply/reply.ts';
import { cannotVerify252, notImplemented502, syntaxError501 } from '../mail/reply/session-replies.ts';
import { say, type Answer } from './answer.ts';
import type { Dialogue } from './dialogue.ts';

export async function verify(dialogue: Dialogue, argument: string): Promise<Answer> {
  const settings = await dialogue.house.settings();
  if (!settings.configuration.inboundCommands.vrfy) return say(notImplemented502);
  const name = bare(argument);
  if (name === '') return say(syntaxError501('VRFY takes a name or an address'));
  const address = parseAddress(name);
  if (address.ok && !isLocalDomain(address.value.domain, settings)) return say(cannotVerify252);
  const { directory } = dialogue.house.doors;
  const found = address.ok
    ? foundBy(await lookUpRecipient(address.value, settings, directory))
    : await directory.findName(name);
  const elsewhere = address.ok && found.length === 0 && takesUnknown(settings);
  return say(elsewhere ? cannotVerify252 : verdictOn(name, distinct(found)));
}

/** RCPT takes an unknown recipient, too, and leaves it to the smart host or a later report. */
function takesUnknown({ configuration: { routing, inboundRecipients } }: Settings): boolean {
  return routing.localDomainSmartHost !== '' || !inboundRecipients.verifyLocal;
}

function verdictOn(name: string, [entry, ...more]: readonly Entry[]): Reply {
  if (entry === undefined) return noSuchUser550(logSafe(name));
  if (more.length > 0) return notUnique553(logSafe(name), logSafe(name));
  return reply(250, '1.5', describe(entry));
}

export async function expand(dialogue: Dialogue, argument: string): Promise<Answer> {
  const settings = await dialogue.house.settings();
  if (!settings.configuration.inboundCommands.expn) return say(notImplemented502);
  const name = bare(argument);
  if (name === '') return say(syntaxError501('EXPN takes the name or the address of a group'));
  const group = await groupOf(dialogue.house.doors.directory, name);
  if (group === undefined) return say(noSuchUser550(logSafe(name)));
  const members = group.members.map((member) => logSafe(member));
  return say(reply(250, '1.5', members.join('\n') || 'no members'));
}

async function groupOf(directory: Directory, text: string): ReturnType<Directory['group']> {
  const owners = text.includes('@') ? await directory.findAddress(text) : [];
  return directory.group(owners.find(({ form }) => form === 'Group')?.name ?? text);
}

function foundBy(found: LookUp): readonly Entry[] {
  if ('found' in found) return [found.found];
  return 'ambiguous' in found ? found.ambiguous : [];
}

function distinct(entries: readonly Entry[]): Entry[] {
  return [...new Map(entries.map((entry) => [`${entry.form} ${entry.name}`, entry])).values()];
}

function describe({ name, document }: Entry): string {
  const { internetAddress } = document;
  return internetAddress === undefined ? logSafe(name) : `${logSafe(name)} <${logSafe(internetAddress)}>`;
}

function bare(argument: string): string {
  return argument.trim().replace(/^<(.*)>$/s, '$1');
}
