/**
 * Groups (domino-rules.md 3.3): members, recursively, each person once. Cycles among groups are harmless: a group
 * already open on the way adds nothing. A member that cannot be reached fails alone and the sender is told.
 */
import type { Directory, Entry } from '../directory/directory.ts';
import { foldName } from '../document/names.ts';
import { because, failed, type Copy, type Leaf } from './leaf.ts';
import { isLoop, loopReply, routeCopy, routeEntry, type Routing } from './route.ts';

type GroupEntry = Extract<Entry, { form: 'Group' }>;

const atOnce = 32;

export async function expandGroup(copy: Copy, entry: GroupEntry, context: Routing): Promise<Leaf[]> {
  const document = `Group ${entry.name}`;
  const type = entry.document.groupType;
  if (type !== 'multi-purpose' && type !== 'mail-only')
    return [
      failed(
        { ...copy, because: because(document, 'groupType', type) },
        'user',
        `Cannot route mail to group ${entry.name}`,
      ),
    ];
  if (!openOnce(context.opened, entry.name)) return [];
  if (isLoop(copy, context))
    return [failed({ ...copy, because: because(document, 'members') }, 'user', loopReply)];
  const members = (await context.directory.group(entry.name))?.members ?? [];
  const own: Leaf = { ...copy, way: 'expanded', because: because(document, 'members') };
  return [own, ...(await routeMembers(copy, { document, members }, context))];
}

/** A group that is open already on this way adds nothing: cycles end here. */
function openOnce(opened: Set<string>, name: string): boolean {
  const key = foldName(name);
  if (opened.has(key)) return false;
  opened.add(key);
  return true;
}

async function routeMembers(
  copy: Copy,
  { document, members }: { document: string; members: readonly string[] },
  context: Routing,
): Promise<Leaf[]> {
  const leaves: Leaf[] = [];
  for (let at = 0; at < members.length; at += atOnce) {
    const some = members
      .slice(at, at + atOnce)
      .map((member) => routeMember(memberCopy(copy, document, member), member, context));
    leaves.push(...(await Promise.all(some)).flat());
  }
  return leaves;
}

/** Success is reported for the group itself (RFC 3461 section 5.2.7); members answer for failures only. */
function memberCopy(copy: Copy, document: string, member: string): Copy {
  const next: Copy = {
    ...copy,
    trail: [...copy.trail, copy.address],
    because: because(document, 'members', member),
  };
  if (copy.notify === undefined) return next;
  const kept = copy.notify.split(',').filter((word) => word !== 'SUCCESS');
  return { ...next, notify: kept.length === 0 ? 'NEVER' : kept.join(',') };
}

async function routeMember(copy: Copy, member: string, context: Routing): Promise<Leaf[]> {
  if (member.includes('@')) return routeCopy({ ...copy, address: member }, context);
  const entry = await entryNamed(member, context.directory);
  const named: Copy = { ...copy, address: entry?.document.internetAddress ?? member };
  if (entry === undefined) return [failed(named, 'user', `User ${member} not listed in Domino Directory`)];
  return routeEntry(named, entry, context);
}

/** A member is written by name: its full name first, then whatever name only one document has. */
export async function entryNamed(name: string, directory: Directory): Promise<Entry | undefined> {
  const found = await directory.findName(name);
  const exact = found.filter((entry) => foldName(entry.name) === foldName(name));
  return exact[0] ?? (found.length === 1 ? found[0] : undefined);
}
