/**
 * The edits that every accepted message gets for what it brought along (DESIGN.md, header edits): an arriving
 * Return-Path, results in our name and tags that only we may set are dropped; mail of a person who logged in gets
 * the Date and Message-ID it lacks (RFC 6409 section 8). A text without any header gets the empty line that parts it
 * from the fields we put before it.
 */
import { commentEnd } from '../address/list-tokens.ts';
import { drop, type HeaderEdit } from './header-edits.ts';
import { bodyOf, fieldsNamed, type HeaderBlock } from './header.ts';
import { mailDate } from './received.ts';

const ourTags = ['X-DNSBL-Site', 'X-DNSWL-Site'];

/** `ourNames`: host names that results of ours carry. */
export function dropsOnArrival(header: HeaderBlock, ourNames: readonly string[]): HeaderEdit[] {
  const names = new Set(ourNames.map((name) => name.toLowerCase()));
  const forged = fieldsNamed(header, 'Authentication-Results').filter((field) =>
    names.has(authservId(bodyOf(header, field))),
  );
  const dropped = ['Return-Path', ...ourTags].flatMap((name) => fieldsNamed(header, name));
  return [...dropped, ...forged].map(drop);
}

/** What authenticated mail lacks; `messageId` without angle brackets. */
export function missingFields(header: HeaderBlock, facts: { date: Date; messageId: string }): HeaderEdit[] {
  const edits: HeaderEdit[] = [];
  if (fieldsNamed(header, 'Message-ID').length === 0)
    edits.push({ op: 'prepend', field: `Message-ID: <${facts.messageId}>` });
  if (fieldsNamed(header, 'Date').length === 0)
    edits.push({ op: 'prepend', field: `Date: ${mailDate(facts.date)}` });
  return edits;
}

/** A line's hard limit (RFC 5322 section 2.1.1); more would make the envelope large. */
const longestFirstLine = 998;

/** For a text without a header, as people type it into a terminal. `From ` is what mailbox files begin with. */
export function missingEmptyLine({ bytes, fields: [first] }: HeaderBlock): HeaderEdit[] {
  if (first === undefined || first.name !== '' || first.end > longestFirstLine) return [];
  const line = bytes.subarray(0, first.end);
  const text = line.toString('utf8');
  if (/^>?From /.test(text) || !Buffer.from(text).equals(line)) return [];
  return [{ op: 'replace', name: '', n: 1, field: `\r\n${text.replace(/\r\n$/, '')}`, length: first.end }];
}

/** Hops so far: Received fields (RFC 5321 section 6.3). */
export function hopCount(header: HeaderBlock): number {
  return fieldsNamed(header, 'Received').length;
}

/** The first token of the field, comments skipped, quotes undone (RFC 8601 section 2.2). */
function authservId(body: string): string {
  let at = 0;
  while (/[\s(]/.test(body[at] ?? '')) {
    const next = body[at] === '(' ? commentEnd(body, at) : at + 1;
    if (next === at) return '';
    at = next;
  }
  const token = /^(?:"((?:[^"\\]|\\.)*)"|([^\s;(]+))/.exec(body.slice(at));
  return (token?.[1]?.replaceAll(/\\(.)/g, '$1') ?? token?.[2] ?? '').toLowerCase();
}
