/**
 * Documents inside items of `views`: JSON text, gzipped where it is large, so that a document of 399 KB with its
 * defaults still fits an item of 400 KB.
 */
import { gunzipSync, gzipSync } from 'node:zlib';

const large = 32_768;

export function pack(value: unknown): string | Uint8Array {
  const text = JSON.stringify(value);
  return text.length < large ? text : gzipSync(text);
}

export function unpack<T>(packed: string | Uint8Array): T {
  return JSON.parse(typeof packed === 'string' ? packed : gunzipSync(packed).toString()) as T;
}
