/** Pieces of S3's HTTP: refusals, conditions, ranges, and the little XML of copies and multipart uploads. */
import type { IncomingHttpHeaders } from 'node:http';

export class S3Refusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(
    status: number,
    code = 'PreconditionFailed',
    message = 'At least one of the pre-conditions you specified did not hold',
  ) {
    super(message);
    this.status = status;
    this.code = code;
  }

  toXml(): string {
    return xml('Error', `<Code>${this.code}</Code><Message>${escaped(this.message)}</Message>`);
  }
}

/** `etag` of the object that is there, undefined when none is. */
export function conditionsHold(headers: IncomingHttpHeaders, etag: string | undefined): boolean {
  const names = (list: string): boolean =>
    etag !== undefined && list.split(',').some((one) => ['*', bare(etag)].includes(bare(one.trim())));
  const { 'if-match': match, 'if-none-match': noneMatch } = headers;
  if (match !== undefined && etag !== undefined && !names(match)) return false;
  return noneMatch === undefined || !names(noneMatch);
}

export interface ByteRange {
  readonly start: number;
  /** The first byte that is not sent. */
  readonly end: number;
  readonly partial: boolean;
}

export function byteRange(header: string | undefined, size: number): ByteRange {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return { start: 0, end: size, partial: false };
  const start = first === '' ? Math.max(size - Number(last), 0) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(Number(last) + 1, size);
  if (start < end) return { start, end, partial: true };
  throw new S3Refusal(416, 'InvalidRange', 'The requested range is not satisfiable');
}

export function copySource(header: string | string[] | undefined): { bucket: string; key: string } {
  const [, bucket, key] = /^\/?([^/]+)\/([^?]+)/.exec(String(header)) ?? [];
  if (!bucket || !key) throw new S3Refusal(400, 'InvalidArgument', 'x-amz-copy-source names no object.');
  return { bucket, key: decodeURIComponent(key) };
}

export function metadataOf(headers: IncomingHttpHeaders): Record<string, string> {
  const prefix = 'x-amz-meta-';
  const entries = Object.entries(headers).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(entries.map(([name, value]) => [name.slice(prefix.length), String(value)]));
}

/** The parts that CompleteMultipartUpload lists, in ascending order. */
export function partsOf(body: string): { number: number; etag: string }[] {
  const blocks = body.match(/<Part>[\s\S]*?<\/Part>/g) ?? [];
  const parts = blocks.map((block) => ({
    number: Number(/<PartNumber>(\d+)<\/PartNumber>/.exec(block)?.[1]),
    etag: bare((/<ETag>([^<]*)<\/ETag>/.exec(block)?.[1] ?? '').replaceAll('&quot;', '"')),
  }));
  const ascending = parts.every(({ number }, i) => i === 0 || number > (parts[i - 1]?.number ?? 0));
  if (parts.length > 0 && ascending) return parts;
  throw new S3Refusal(400, 'InvalidPartOrder', 'The parts must be listed in ascending order.');
}

export function describeObject(
  element: 'CopyObjectResult' | 'CompleteMultipartUploadResult',
  bucket: string,
  { key, etag, lastModified }: { key: string; etag: string; lastModified: Date },
): string {
  const facts = `<ETag>${escaped(etag)}</ETag><LastModified>${lastModified.toISOString()}</LastModified>`;
  return xml(element, `<Bucket>${escaped(bucket)}</Bucket><Key>${escaped(key)}</Key>${facts}`);
}

const xml = (element: string, content: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?><${element}>${content}</${element}>`;

const bare = (etag: string): string => etag.replaceAll('"', '');

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
