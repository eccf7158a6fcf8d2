/**
 * The body of an upload without its `aws-chunked` coding: lines of `<size in hex>[;signature]`, each followed
 * by that many bytes, then trailers such as the checksum, which are put into `trailers`.
 */
export async function* decodeChunks(
  source: AsyncIterable<Buffer>,
  trailers: Map<string, string>,
): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  let left = 0;
  let ended = false;
  for await (const piece of source) {
    rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    while (rest.length > 0) {
      if (left > 0) {
        const data = rest.subarray(0, left);
        yield data;
        left -= data.length;
        rest = rest.subarray(data.length);
        continue;
      }
      const end = rest.indexOf('\r\n');
      if (end === -1) break;
      const line = rest.toString('latin1', 0, end);
      rest = rest.subarray(end + 2);
      // The empty line is the one that ends a chunk's bytes.
      if (line === '') continue;
      if (ended) keepTrailer(trailers, line);
      else left = sizeOf(line);
      if (left === 0) ended = true;
    }
  }
  if (!ended) throw new Error('The upload ended before its last chunk.');
}

function sizeOf(line: string): number {
  const [size = ''] = line.split(';');
  if (!/^[0-9a-f]{1,8}$/i.test(size)) throw new Error('The upload has a chunk without a size.');
  return Number.parseInt(size, 16);
}

function keepTrailer(trailers: Map<string, string>, line: string): void {
  const colon = line.indexOf(':');
  if (colon > 0) trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
}
