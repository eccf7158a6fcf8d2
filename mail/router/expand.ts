/**
 * Groups (docs/message-flow.md): members, recursively, each person once. Cycles among groups are harmless: a
 * group already open adds nothing. A member that cannot be reached fails alone and the sender is told; so they are
 * where a group, with all within it, has no member at all.
 */
import type { Directory, Entry } from '../directory/directory.ts';
import { foldName } from '../document/names.ts';
import { routeTarget } from './entries.ts';
import { because, failed, type Copy, type Leaf } from './leaf.ts';
import { loopAt, loopInto } from './loops.ts';
import type { Routing } from './route.ts';

type GroupEntry = Extract<Entry, { form: 'Group' }>;

export async function expandGroup(copy: Copy, entry: GroupEntry, context: Routing): Promise<Leaf[]> {
  const { name, document: group } = entry;
  const document = `Group ${name}`;
  const key = foldName(name);
  if (group.groupType !== 'multi-purpose' && group.groupType !== 'mail-only') {
    const why = because(document, 'groupType', group.groupType);
    return [failed({ ...copy, because: why }, 'user', `Cannot route mail to group ${name}`)];
  }
  const loop = context.opened.has(key) ? loopInto(key, copy) : loopAt(copy, context.envelope);
  if (loop !== undefined) return [failed({ ...copy, because: because(document, 'members') }, 'user', loop)];
  if (context.opened.has(key)) return [];
  const isFirst = context.opened.size === 0;
  context.opened.add(key);
  if (group.readers.length > 0 && !(await context.mayWrite(name, group.readers))) {
    const refused = { ...copy, because: because(document, 'readers') };
    return [failed(refused, 'restriction', `not authorized to send mail to group ${name}`)];
  }
  const leaves = await openGroup(copy, name, context);
  // What another has within it may have been opened already: only of the first is it known that nobody is reached.
  if (!isFirst || leaves.some(({ way }) => way !== 'expanded')) return leaves;
  return [failed({ ...copy, because: because(document, 'members') }, 'user', `Group ${name} has no members`)];
}

async function openGroup(copy: Copy, name: string, context: Routing): Promise<Leaf[]> {
  const document = `Group ${name}`;
  const members = (await context.directory.group(name))?.members ?? [];
  const trail = [...copy.trail, { address: copy.address, by: 'group' as const, group: foldName(name) }];
  const notify = notifyOfMembers(copy.notify);
  const routed = await Promise.all(
    members.map((member) => {
      const why = because(document, 'members', member);
      return routeTarget({ ...copy, ...notify, trail, because: why }, member, context);
    }),
  );
  const own: Leaf = { ...copy, way: 'expanded', because: because(document, 'members') };
  return [own, ...routed.flat()];
}

/** Success is reported for the group itself (RFC 3461 section 5.2.7); members answer for failures only. */
function notifyOfMembers(notify: string | undefined): Pick<Copy, 'notify'> {
  if (notify === undefined) return {};
  const kept = notify.split(',').filter((word) => word !== 'SUCCESS');
  return { notify: kept.length === 0 ? 'NEVER' : kept.join(',') };
}

/** A member is written by name: its full name first, then whatever name only one document has. */
export async function entryNamed(name: string, directory: Directory): Promise<Entry | undefined> {
  const full = await directory.fullName?.(name);
  if (full !== undefined) return full;
  const found = await directory.findName(name);
  const exact = found.filter((entry) => foldName(entry.name) === foldName(name));
  return exact[0] ?? (found.length === 1 ? found[0] : undefined);
}
