/**
 * Finds the header block at the start of a message and splits it into fields, by offset: nothing is decoded, folded
 * or corrected, so that the bytes can go on as they came.
 *
 * The block ends with the first empty line, which belongs to it; a message without one is all header. A line that is
 * neither a field nor a continuation is a field with an empty name. Never throws on any bytes.
 */

/** A larger header block is refused (552 5.3.4). */
export const maximumHeaderSize: number = 256 * 1024;

export interface HeaderField {
  /** As written; empty for a line that is no field. */
  readonly name: string;
  /** Counts from 1 among the fields of this name, case aside. */
  readonly n: number;
  /** `[start, end)` within the block, continuation lines and the last CRLF included. */
  readonly start: number;
  readonly end: number;
  /** Where the body begins: behind the colon. */
  readonly bodyStart: number;
}

export interface HeaderBlock {
  readonly bytes: Buffer;
  readonly fields: readonly HeaderField[];
}

const CR = 13;
const LF = 10;
const COLON = 0x3a;

/** The length of the header block with its empty line; -1: the end is not among these bytes. */
export function headerEnd(bytes: Buffer, from = 0): number {
  let line = lineStartAtOrBefore(bytes, from);
  while (line < bytes.length) {
    if (bytes[line] === LF) return line + 1;
    if (bytes[line] === CR && bytes[line + 1] === LF) return line + 2;
    const feed = bytes.indexOf(LF, line);
    if (feed === -1) return -1;
    line = feed + 1;
  }
  return -1;
}

export function splitHeader(bytes: Buffer): HeaderBlock {
  const fields: HeaderField[] = [];
  const counts = new Map<string, number>();
  let start = 0;
  while (start < bytes.length && !isEmptyLine(bytes, start)) {
    const end = fieldEnd(bytes, start);
    const { name, bodyStart } = nameOf(bytes, start, end);
    const key = name.toLowerCase();
    const n = (counts.get(key) ?? 0) + 1;
    counts.set(key, n);
    fields.push({ name, n, start, end, bodyStart });
    start = end;
  }
  return { bytes, fields };
}

/** Every field of a name, in order. */
export function fieldsNamed(block: HeaderBlock, name: string): HeaderField[] {
  const wanted = name.toLowerCase();
  return block.fields.filter(
    (field) => field.name.length === wanted.length && field.name.toLowerCase() === wanted,
  );
}

/** The body of a field, unfolded and trimmed, read as UTF-8. */
export function bodyOf(block: HeaderBlock, field: HeaderField): string {
  const raw = block.bytes.toString('utf8', field.bodyStart, field.end);
  const ends = raw.trim();
  return ends.includes('\n') ? raw.replaceAll(/\r?\n(?=[ \t])/g, '').trim() : ends;
}

/** The body of the first field of a name. */
export function valueOf(block: HeaderBlock, name: string): string | undefined {
  const field = fieldsNamed(block, name)[0];
  return field && bodyOf(block, field);
}

function fieldEnd(bytes: Buffer, start: number): number {
  let at = start;
  while (at < bytes.length) {
    const feed = bytes.indexOf(LF, at);
    if (feed === -1) return bytes.length;
    at = feed + 1;
    if (!isBlank(bytes[at])) return at;
  }
  return at;
}

/** Field names are printable ASCII without a colon (RFC 5322 2.2); blanks before the colon are obsolete but seen. */
function nameOf(bytes: Buffer, start: number, end: number): { name: string; bodyStart: number } {
  const before = bytes.subarray(start, end).indexOf(COLON);
  if (before === -1) return { name: '', bodyStart: start };
  const colon = start + before;
  let nameEnd = colon;
  while (nameEnd > start && isBlank(bytes[nameEnd - 1])) nameEnd -= 1;
  const name = bytes.toString('latin1', start, nameEnd);
  if (!/^[!-9;-~]+$/.test(name)) return { name: '', bodyStart: start };
  return { name, bodyStart: colon + 1 };
}

function isEmptyLine(bytes: Buffer, at: number): boolean {
  return bytes[at] === LF || (bytes[at] === CR && bytes[at + 1] === LF);
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09;
}

function lineStartAtOrBefore(bytes: Buffer, from: number): number {
  return from <= 0 ? 0 : bytes.lastIndexOf(LF, Math.min(from, bytes.length) - 1) + 1;
}
