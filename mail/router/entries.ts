/**
 * What a document of the directory does with a copy (docs/message-flow.md): a group opens, a person forwards
 * or has a mail file, a mail-in database has one; on another server or in another Domino domain SMTP must lead there.
 */
import type { Entry } from '../directory/directory.ts';
import { foldName } from '../document/names.ts';
import { entryNamed, expandGroup } from './expand.ts';
import { because, failed, mailFileOfEntry, type Copy, type Leaf } from './leaf.ts';
import { loopAt } from './loops.ts';
import { wayToDominoDomain, wayToServer } from './next-hop.ts';
import { leaving, notListed, routeCopy, type Routing } from './route.ts';

type Homed = Exclude<Entry, { form: 'Group' }>;
type PersonEntry = Extract<Entry, { form: 'Person' }>;

export async function routeEntry(copy: Copy, entry: Entry, context: Routing): Promise<Leaf[]> {
  if (entry.form === 'Group') return expandGroup(copy, entry, context);
  if (entry.form === 'MailInDatabase') return [placed(copy, entry, context)];
  if (entry.document.mailSystem === 'none') return [noMailSystem(copy, entry)];
  if (entry.document.forwardingAddress !== undefined) return forward(copy, entry, context);
  return [placed(copy, entry, context)];
}

function noMailSystem(copy: Copy, { name }: PersonEntry): Leaf {
  const why = because(`Person ${name}`, 'mailSystem', 'none');
  return failed({ ...copy, because: why }, 'user', `Cannot route mail to user ${name}`);
}

/** Its mail server and domain decide: here it lies in a mailbox, elsewhere SMTP must lead there. */
export function placed(copy: Copy, entry: Homed, { settings }: Pick<Routing, 'settings'>): Leaf {
  const { mailServer, mailDomain } = entry.document;
  const document = `${entry.form} ${entry.name}`;
  if (mailDomain !== undefined && foldName(mailDomain) !== foldName(settings.server.domain))
    return leaving(
      copy,
      wayToDominoDomain(mailDomain, settings, because(document, 'mailDomain', mailDomain)),
    );
  if (mailServer !== undefined && foldName(mailServer) !== foldName(settings.server.name))
    return leaving(copy, wayToServer(mailServer, settings, because(document, 'mailServer', mailServer)));
  const place = mailFileOfEntry(entry);
  return { ...copy, way: 'mailbox', ...place, because: because(document, 'mailFile', place.mailFile) };
}

/** A forwarding address replaces the recipient; the notification asked for goes with it (RFC 3461 section 5.2.7). */
async function forward(
  copy: Copy,
  { name, document: person }: PersonEntry,
  context: Routing,
): Promise<Leaf[]> {
  const target = person.forwardingAddress ?? '';
  const why = because(`Person ${name}`, 'forwardingAddress', target);
  const loop = loopAt(copy, context.envelope);
  if (loop !== undefined) return [failed({ ...copy, because: why }, 'user', loop)];
  const owner = person.internetAddress;
  const step = { address: copy.address, by: 'forward' as const, ...(owner === undefined ? {} : { owner }) };
  const next: Copy = { ...copy, address: target, trail: [...copy.trail, step], because: why };
  const leaves = await routeTarget(next, target, context);
  return leaves.map((leaf) => (leaf.way === 'hop' ? { ...leaf, because: why } : leaf));
}

/** Members and forwarding addresses are addresses, or names of documents. */
export async function routeTarget(copy: Copy, target: string, context: Routing): Promise<Leaf[]> {
  if (target.includes('@')) return routeCopy({ ...copy, address: target }, context);
  const entry = await entryNamed(target, context.directory);
  if (entry === undefined) return [notListed({ ...copy, address: target }, target)];
  return routeEntry({ ...copy, address: entry.document.internetAddress ?? target }, entry, context);
}
