/**
 * VRFY and EXPN, off unless the Configuration switches them on (RFC 5321 section 3.5): they tell strangers who is
 * in the directory. An address of ours is looked up as RCPT would; of another domain nothing is said.
 */
import { logSafe } from '../mail/address/address.ts';
import { parseAddress } from '../mail/address/path.ts';
import type { Directory, Entry } from '../mail/directory/directory.ts';
import type { Settings } from '../mail/directory/settings.ts';
import { lookUpRecipient, ownersOf, type LookUp } from '../mail/directory/look-up.ts';
import { recipientKind } from '../mail/policy/recipient-kind.ts';
import { noSuchUser550, notUnique553, recipientRouted550 } from '../mail/reply/message-replies.ts';
import { reply, type Reply } from '../mail/reply/reply.ts';
import { cannotVerify252, notImplemented502, syntaxError501 } from '../mail/reply/session-replies.ts';
import { say, type Answer } from './answer.ts';
import type { Dialogue } from './dialogue.ts';

export async function verify(dialogue: Dialogue, argument: string): Promise<Answer> {
  const settings = await dialogue.house.settings();
  if (!settings.configuration.inboundCommands.vrfy) return say(notImplemented502);
  const name = bare(argument);
  if (name === '') return say(syntaxError501('VRFY takes a name or an address'));
  const { directory } = dialogue.house.doors;
  const parsed = parseAddress(name);
  if (!parsed.ok)
    return say(isPostmaster(name) ? cannotVerify252 : verdictOn(name, await directory.findName(name)));
  const kind = recipientKind(parsed.value, settings);
  if (kind.kind === 'routed') return say(recipientRouted550(logSafe(name)));
  if (kind.kind !== 'local') return say(cannotVerify252);
  const found = foundBy(await lookUpRecipient(kind.address, settings, directory));
  const elsewhere = found.length === 0 && takesUnknown(settings);
  return say(elsewhere ? cannotVerify252 : verdictOn(name, found));
}

function isPostmaster(name: string): boolean {
  return /^postmaster$/i.test(name);
}

/** RCPT takes an unknown recipient, too, and leaves it to the smart host or a later report. */
function takesUnknown({ configuration: { routing, inboundRecipients } }: Settings): boolean {
  return routing.localDomainSmartHost !== '' || !inboundRecipients.verifyLocal;
}

function verdictOn(name: string, found: readonly Entry[]): Reply {
  const [entry, ...more] = distinct(found);
  if (entry === undefined || hasNoMail(entry)) return noSuchUser550(logSafe(name));
  if (more.length > 0) return notUnique553(logSafe(name), logSafe(name));
  return reply(250, '1.5', describe(entry));
}

/** What RCPT refuses does not exist here either. */
function hasNoMail(entry: Entry): boolean {
  if (entry.form === 'Group')
    return entry.document.groupType !== 'multi-purpose' && entry.document.groupType !== 'mail-only';
  return entry.form === 'Person' && entry.document.mailSystem === 'none';
}

export async function expand(dialogue: Dialogue, argument: string): Promise<Answer> {
  const settings = await dialogue.house.settings();
  if (!settings.configuration.inboundCommands.expn) return say(notImplemented502);
  const name = bare(argument);
  if (name === '') return say(syntaxError501('EXPN takes the name or the address of a group'));
  const group = await groupOf(name, settings, dialogue.house.doors.directory);
  if (group === undefined) return say(noSuchUser550(logSafe(name)));
  const members = group.members.map((member) => logSafe(member));
  return say(reply(250, '1.5', members.join('\n') || 'no members'));
}

async function groupOf(
  text: string,
  settings: Settings,
  directory: Directory,
): ReturnType<Directory['group']> {
  const address = parseAddress(text);
  const found = address.ok
    ? await ownersOf(address.value, settings, directory)
    : await directory.findName(text);
  const group = found.find((entry) => entry.form === 'Group' && !hasNoMail(entry));
  return group === undefined ? undefined : directory.group(group.name);
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
