/**
 * The entries of a list with its groups opened: members recursively, people as their Internet addresses. Each
 * keeps the text of the list's own entry, which is what a decision names as its reason.
 */
import type { Settings } from '../directory/settings.ts';
import { addressKey } from '../address/path.ts';
import { parseEntry, type ListEntry, type Place } from './list-entry.ts';

/** Who the names in lists are. */
export type Known = Pick<Settings, 'groups' | 'people'>;

export type Named = Exclude<ListEntry, { kind: 'name' }>;
/** `because` is the list's entry as the administrator wrote it. */
export type Expanded = { readonly entry: Named; readonly because: string };

/** Members of other types are for databases and servers, never for mail (domino-rules M9). */
const mailTypes = new Set(['multi-purpose', 'mail-only']);

/** What does not fit this kind of list matches nothing: a member that is an address, in a list of hosts. */
export function expand(entries: readonly string[], place: Place, known: Known): Expanded[] {
  const expanded: Expanded[] = [];
  for (const because of entries) {
    for (const entry of open(because, place, known)) expanded.push({ entry, because });
  }
  return expanded;
}

/** Without recursion: groups nest as deep as somebody writes them, and in circles. */
function open(text: string, place: Place, known: Known): Named[] {
  const found: Named[] = [];
  const seen = new Set<string>();
  const waiting = [text];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const parsed = parseEntry(next, place);
    if (!parsed.ok) continue;
    const entry = parsed.value;
    if (entry.kind !== 'name') {
      found.push(entry);
      continue;
    }
    if (seen.has(entry.name)) continue;
    seen.add(entry.name);
    const group = ownValue(known.groups, entry.name);
    if (group !== undefined && mailTypes.has(group.groupType)) waiting.push(...group.members.toReversed());
    const person = group === undefined ? personEntry(entry.name, known) : undefined;
    if (person !== undefined) found.push(person);
  }
  return found;
}

function personEntry(name: string, known: Known): Named | undefined {
  const address = addressKey(ownValue(known.people, name) ?? '');
  return address === undefined ? undefined : { kind: 'address', address };
}

/** Names come from outside: `constructor` is nobody's group. */
function ownValue<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
