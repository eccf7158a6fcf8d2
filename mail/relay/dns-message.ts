/**
 * DNS messages as far as DANE needs them (RFC 1035 section 4; AD by RFC 6840 section 5.7): a question, and of the answer
 * its code, whether the resolver vouches for it, and the data of one type. Bytes of any shape are read or refused.
 */
export const recordTypes = { A: 1, MX: 15, AAAA: 28, TLSA: 52 } as const;
export type RecordType = keyof typeof recordTypes;

export interface DnsAnswer {
  readonly id: number;
  /** The question, as the server says it back. */
  readonly name: string;
  readonly type: number;
  readonly truncated: boolean;
  /** Answers whose signatures the resolver has checked (AD). */
  readonly secure: boolean;
  /** 0: no error; 3: no such name. */
  readonly code: number;
  /** Of the type asked for; the names in an MX are written out. */
  readonly records: readonly DnsRecord[];
}

export interface DnsRecord {
  readonly data: Buffer;
  /** MX only. */
  readonly exchange?: string;
}

export class BadDnsMessage extends Error {
  override readonly name = 'BadDnsMessage';
}

const headerLength = 12;
const typeOpt = 41;
/** What passes everywhere in one piece. */
const udpSize = 1232;
const [flagsOfQuestion, qr, tc, ad] = [0x01_20, 0x80_00, 0x02_00, 0x00_20];
const classIn = 1;

/** Recursion is desired, and AD wanted in the answer. Throws on what is no name. */
export function dnsQuestion(id: number, name: string, type: RecordType): Buffer {
  const header = Buffer.alloc(headerLength);
  for (const [n, word] of [id, flagsOfQuestion, 1, 0, 0, 1].entries()) header.writeUInt16BE(word, n * 2);
  const question = Buffer.concat([wireName(name), words(recordTypes[type], classIn)]);
  const options = Buffer.concat([Buffer.from([0]), words(typeOpt, udpSize, 0, 0, 0)]);
  return Buffer.concat([header, question, options]);
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [n, value] of values.entries()) bytes.writeUInt16BE(value, n * 2);
  return bytes;
}

function wireName(name: string): Buffer {
  const labels = name.replace(/\.$/, '').split('.');
  const parts = labels.map((label) => Buffer.from(label, 'latin1'));
  const fits = parts.every(({ length }) => length > 0 && length < 64) && name.length < 254;
  if (!fits) throw new BadDnsMessage(`"${name}" is not a name that DNS can be asked for.`);
  return Buffer.concat([...parts.flatMap((part) => [Buffer.from([part.length]), part]), Buffer.from([0])]);
}

export function readDnsAnswer(bytes: Buffer): DnsAnswer {
  try {
    return read(bytes);
  } catch (cause) {
    if (cause instanceof BadDnsMessage) throw cause;
    throw new BadDnsMessage('A DNS message ends too early.', { cause });
  }
}

function read(bytes: Buffer): DnsAnswer {
  const flags = bytes.readUInt16BE(2);
  if ((flags & qr) === 0 || bytes.readUInt16BE(4) !== 1)
    throw new BadDnsMessage('A DNS message is no answer to one question.');
  const { name, end } = readName(bytes, headerLength);
  const type = bytes.readUInt16BE(end);
  const truncated = (flags & tc) !== 0;
  return {
    id: bytes.readUInt16BE(0),
    name,
    type,
    truncated,
    secure: (flags & ad) !== 0,
    code: flags & 0x0f,
    // What was cut is asked for again, whole.
    records: truncated ? [] : readRecords(bytes, { from: end + 4, count: bytes.readUInt16BE(6), type }),
  };
}

function readRecords(
  bytes: Buffer,
  { from, count, type }: { from: number; count: number; type: number },
): DnsRecord[] {
  const found: DnsRecord[] = [];
  let at = from;
  for (let n = 0; n < count; n++) {
    const { end } = readName(bytes, at);
    const start = end + 10;
    const length = bytes.readUInt16BE(end + 8);
    if (start + length > bytes.length) throw new BadDnsMessage('A DNS record ends too early.');
    const data = bytes.subarray(start, start + length);
    const wanted = bytes.readUInt16BE(end) === type && bytes.readUInt16BE(end + 2) === classIn;
    if (wanted && type === recordTypes.MX) found.push({ data, exchange: readName(bytes, start + 2).name });
    else if (wanted) found.push({ data });
    at = start + length;
  }
  return found;
}

/** Pointers lead backwards only, so that none can run in circles (RFC 1035 section 4.1.4). */
function readName(bytes: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = start;
  let end: number | undefined;
  let limit = start;
  for (;;) {
    const length = bytes.readUInt8(at);
    if (length >= 0xc0) {
      end ??= at + 2;
      const to = bytes.readUInt16BE(at) & 0x3f_ff;
      if (to >= limit) throw new BadDnsMessage('A name in a DNS message points forward.');
      limit = to;
      at = to;
      continue;
    }
    if (length > 63) throw new BadDnsMessage('A label in a DNS message is of an unknown kind.');
    if (length === 0) return { name: labels.join('.').toLowerCase(), end: end ?? at + 1 };
    if (at + 1 + length > bytes.length || labels.length > 127)
      throw new BadDnsMessage('A name in a DNS message ends too early.');
    labels.push(bytes.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
}
