/**
 * The S3 requests that carry a body, answered before fauxqs sees them: PutObject, UploadPart,
 * CompleteMultipartUpload (and its opposite), CopyObject and GetObject. fauxqs would hold bodies in memory, refuse more than 11 MiB
 * and ignore `If-None-Match` and `If-Match` on writes; all other requests (buckets, lists, HEAD, deletions,
 * the start and the end of an upload) are its own. A failed condition is 412, as on S3.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { decodeChunks } from './aws-chunked.ts';
import type { ObjectCatalog, ObjectStore, Part, StoredObject, Upload } from './object-catalog.ts';
import type { ObjectFiles, Received } from './object-files.ts';
import {
  S3Refusal,
  byteRange,
  conditionsHold,
  copySource,
  describeObject,
  metadataOf,
  partsOf,
} from './s3-protocol.ts';

export interface ObjectRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
}

type Handler = (call: ObjectRequest) => Promise<void>;
/** Up to 10,000 parts with their checksums. */
const largestPartList = 4 * 1024 * 1024;

export class ObjectRoutes {
  readonly #store: ObjectStore;
  readonly #catalog: ObjectCatalog;
  readonly #files: ObjectFiles;

  constructor(store: ObjectStore, catalog: ObjectCatalog, files: ObjectFiles) {
    this.#store = store;
    this.#catalog = catalog;
    this.#files = files;
  }

  /** Undefined where fauxqs is to answer. */
  handlerOf({ request, query }: ObjectRequest): Handler | undefined {
    const { method, headers } = request;
    const copies = headers['x-amz-copy-source'] !== undefined;
    if (method === 'PUT' && query.has('partNumber') && !copies) return (call) => this.#uploadPart(call);
    if (method === 'PUT' && query.size > 0 && !query.has('x-id')) return undefined;
    if (method === 'PUT') return copies ? (call) => this.#copy(call) : (call) => this.#put(call);
    if (method === 'POST' && query.has('uploadId')) return (call) => this.#complete(call);
    if (method === 'DELETE' && query.has('uploadId')) return (call) => this.#abort(call);
    if (method === 'GET' && !query.has('attributes') && !query.has('partNumber'))
      return (call) => this.#get(call);
    return undefined;
  }

  async #put({ request, response, bucket, key }: ObjectRequest): Promise<void> {
    this.#bucket(bucket);
    const body = await this.#receive(request);
    const facts = {
      key,
      contentType: request.headers['content-type'] ?? 'application/octet-stream',
      contentLength: body.size,
      etag: `"${body.md5}"`,
      lastModified: new Date(),
      metadata: metadataOf(request.headers),
      checksumAlgorithm: 'CRC32' as const,
      checksumValue: body.crc32,
      checksumType: 'FULL_OBJECT' as const,
      segments: [{ file: body.file, size: body.size }],
    };
    this.#keep(request, bucket, facts);
    response
      .writeHead(200, { etag: facts.etag, 'x-amz-checksum-crc32': body.crc32, 'content-length': 0 })
      .end();
  }

  async #uploadPart({ request, response, query }: ObjectRequest): Promise<void> {
    const { parts } = this.#upload(query);
    const body = await this.#receive(request);
    const number = Number(query.get('partNumber'));
    const replaced = parts.get(number);
    if (replaced) this.#files.remove([replaced]);
    parts.set(number, body);
    response
      .writeHead(200, { etag: `"${body.md5}"`, 'x-amz-checksum-crc32': body.crc32, 'content-length': 0 })
      .end();
  }

  async #complete({ request, response, bucket, key, query }: ObjectRequest): Promise<void> {
    const list = partsOf(await text(request, largestPartList));
    const upload = this.#upload(query);
    const parts = list.map(({ number, etag }) => chosenPart(upload, number, etag));
    const numbers = list.map(({ number }) => number);
    const digest = createHash('md5').update(Buffer.concat(parts.map(({ md5 }) => Buffer.from(md5, 'hex'))));
    const facts = {
      key,
      contentType: upload.contentType,
      contentLength: parts.reduce((sum, { size }) => sum + size, 0),
      etag: `"${digest.digest('hex')}-${parts.length}"`,
      lastModified: new Date(),
      metadata: upload.metadata,
      parts: boundaries(numbers, parts),
      segments: parts.map(({ file, size }) => ({ file, size })),
    };
    this.#keep(request, bucket, facts, false);
    for (const [number, part] of upload.parts) if (!numbers.includes(number)) this.#files.remove([part]);
    this.#store.abortMultipartUpload(query.get('uploadId') ?? '');
    sendXml(response, describeObject('CompleteMultipartUploadResult', bucket, facts));
  }

  #abort({ response, query }: ObjectRequest): Promise<void> {
    this.#files.remove([...this.#upload(query).parts.values()]);
    this.#store.abortMultipartUpload(query.get('uploadId') ?? '');
    response.writeHead(204).end();
    return Promise.resolve();
  }

  async #copy({ request, response, bucket, key }: ObjectRequest): Promise<void> {
    this.#bucket(bucket);
    const source = copySource(request.headers['x-amz-copy-source']);
    const found = this.#object(source.bucket, source.key);
    const replaced = request.headers['x-amz-metadata-directive'] === 'REPLACE';
    const { body: _body, ...kept } = found;
    const facts = {
      ...kept,
      key,
      lastModified: new Date(),
      ...(replaced ? { metadata: metadataOf(request.headers) } : {}),
      segments: await this.#files.copy(found.segments),
    };
    this.#keep(request, bucket, facts);
    sendXml(response, describeObject('CopyObjectResult', bucket, facts));
  }

  async #get({ request, response, bucket, key }: ObjectRequest): Promise<void> {
    const object = this.#object(bucket, key);
    const matching = conditionsHold(request.headers, object.etag);
    if (!matching && request.headers['if-match'] !== undefined) throw new S3Refusal(412);
    const head = headersOf(object);
    if (!matching) {
      response.writeHead(304, head).end();
      return;
    }
    const range = byteRange(request.headers.range, object.contentLength);
    const bytes = await this.#files.read(object.segments, range.start, range.end);
    const checksum = !range.partial && request.headers['x-amz-checksum-mode'] ? checksumOf(object) : {};
    response.writeHead(range.partial ? 206 : 200, {
      ...head,
      ...checksum,
      'content-length': range.end - range.start,
      ...(range.partial
        ? { 'content-range': `bytes ${range.start}-${range.end - 1}/${object.contentLength}` }
        : {}),
    });
    await pipeline(bytes, response);
  }

  /** The condition is tested in the same turn that writes, so of racing writers one wins. */
  #keep(request: IncomingMessage, bucket: string, facts: Omit<StoredObject, 'body'>, owned = true): void {
    const there = this.#store.buckets.get(bucket)?.get(facts.key);
    const missing = request.headers['if-match'] !== undefined && !there;
    const refused = missing || !conditionsHold(request.headers, there?.etag);
    if (refused && owned) this.#files.remove(facts.segments);
    if (missing) throw new S3Refusal(404, 'NoSuchKey', 'The specified key does not exist.');
    if (refused) throw new S3Refusal(412);
    this.#catalog.put(this.#store, bucket, facts);
  }

  async #receive(request: IncomingMessage): Promise<Received> {
    const trailers = new Map<string, string>();
    const coded = request.headers['content-encoding']?.includes('aws-chunked');
    const body = await this.#files.receive(coded ? decodeChunks(request, trailers) : request);
    const expected = trailers.get('x-amz-checksum-crc32') ?? request.headers['x-amz-checksum-crc32'];
    if (expected === undefined || expected === body.crc32) return body;
    this.#files.remove([body]);
    throw new S3Refusal(400, 'BadDigest', 'The CRC32 that you sent is not that of the bytes that arrived.');
  }

  #bucket(name: string): Map<string, StoredObject> {
    const objects = this.#store.buckets.get(name);
    if (!objects) throw new S3Refusal(404, 'NoSuchBucket', `The bucket ${name} does not exist.`);
    return objects;
  }

  #object(bucket: string, key: string): StoredObject {
    const object = this.#bucket(bucket).get(key);
    if (!object) throw new S3Refusal(404, 'NoSuchKey', 'The specified key does not exist.');
    return object;
  }

  #upload(query: URLSearchParams): Upload {
    const upload = this.#store.multipartUploads.get(query.get('uploadId') ?? '');
    if (!upload) throw new S3Refusal(404, 'NoSuchUpload', 'The specified multipart upload does not exist.');
    return upload;
  }
}

function chosenPart(upload: Upload, number: number, etag: string): Part {
  const part = upload.parts.get(number);
  if (part?.md5 !== etag)
    throw new S3Refusal(400, 'InvalidPart', `Part ${number} was not uploaded like this.`);
  return part;
}

function boundaries(numbers: readonly number[], parts: readonly Part[]): StoredObject['parts'] {
  let offset = 0;
  return parts.map(({ size }, i) => {
    offset += size;
    return { partNumber: numbers[i] ?? 0, offset: offset - size, length: size };
  });
}

function headersOf(object: StoredObject): Record<string, string> {
  const metadata = Object.entries(object.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]);
  return {
    'content-type': object.contentType,
    etag: object.etag,
    'last-modified': object.lastModified.toUTCString(),
    'accept-ranges': 'bytes',
    ...(Object.fromEntries(metadata) as Record<string, string>),
  };
}

const checksumOf = ({ checksumValue }: StoredObject): Record<string, string> =>
  checksumValue ? { 'x-amz-checksum-crc32': checksumValue, 'x-amz-checksum-type': 'FULL_OBJECT' } : {};

function sendXml(response: ServerResponse, xml: string): void {
  response
    .writeHead(200, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(xml) })
    .end(xml);
}

async function text(request: IncomingMessage, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  if (bytes.length > most) throw new S3Refusal(400, 'MalformedXML', 'The list of parts is too long.');
  return bytes.toString();
}
