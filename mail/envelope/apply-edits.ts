/**
 * Applies header edits to a copy on its way out: to a block, to a size, or to a whole message as a stream.
 *
 * The body is never looked at. An edit that names a field which is not there does nothing. A stream whose header
 * does not end within its bound fails: such a message is never accepted.
 */
import { Transform, type TransformCallback } from 'node:stream';
import type { HeaderEdit } from './header-edits.ts';
import { headerEnd, maximumHeaderSize, splitHeader, type HeaderField } from './header.ts';

const CRLF = 2;

type FieldEdit = Exclude<HeaderEdit, { op: 'prepend' }>;

/** The header block as this copy has it; the empty line and anything behind it stay. */
export function applyEdits(headerBlock: Buffer, edits: readonly HeaderEdit[]): Buffer {
  if (edits.length === 0) return headerBlock;
  const changes = new Map(edits.filter(isFieldEdit).map((edit) => [keyOf(edit), edit]));
  const parts: Buffer[] = edits.filter((edit) => edit.op === 'prepend').map(({ field }) => whole(field));
  parts.reverse();
  let kept = 0;
  for (const field of splitHeader(headerBlock).fields) {
    const change = changes.get(keyOf(field));
    if (change === undefined) continue;
    parts.push(headerBlock.subarray(kept, field.start));
    if (change.op === 'replace') parts.push(whole(change.field));
    kept = field.end;
  }
  return Buffer.concat([...parts, headerBlock.subarray(kept)]);
}

/** The size of a message of `size` bytes with these edits, from the lengths they carry. */
export function editedSize(size: number, edits: readonly HeaderEdit[]): number {
  return edits.reduce((total, edit) => {
    const added = edit.op === 'drop' ? 0 : Buffer.byteLength(edit.field) + CRLF;
    const taken = edit.op === 'prepend' ? 0 : edit.length;
    return total + added - taken;
  }, size);
}

/** A message in, the same message with its header edited out. */
export function editHeader(edits: readonly HeaderEdit[]): Transform {
  let waiting: Buffer | undefined = Buffer.alloc(0);
  const pass = (stream: Transform, chunk: Buffer): Error | undefined => {
    if (waiting === undefined) {
      stream.push(chunk);
      return undefined;
    }
    const seen = waiting.length;
    waiting = Buffer.concat([waiting, chunk]);
    const end = headerEnd(waiting, seen);
    if (end === -1 && waiting.length <= maximumHeaderSize + CRLF) return undefined;
    if (end === -1)
      return new Error(`The header of the message does not end within ${maximumHeaderSize} bytes.`);
    stream.push(applyEdits(waiting.subarray(0, end), edits));
    if (end < waiting.length) stream.push(waiting.subarray(end));
    waiting = undefined;
    return undefined;
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      done(pass(this, chunk));
    },
    flush(done: TransformCallback) {
      if (waiting !== undefined) this.push(applyEdits(waiting, edits));
      done();
    },
  });
}

function isFieldEdit(edit: HeaderEdit): edit is FieldEdit {
  return edit.op !== 'prepend';
}

function keyOf(field: Pick<HeaderField, 'name' | 'n'>): string {
  return `${field.n} ${field.name.toLowerCase()}`;
}

function whole(field: string): Buffer {
  return Buffer.from(`${field}\r\n`);
}
