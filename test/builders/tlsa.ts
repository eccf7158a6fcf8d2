/** The data of a TLSA record about a certificate: `3 1 1` and so on. */
import { createHash, X509Certificate } from 'node:crypto';

export function tlsa(kind: string, certificate: X509Certificate | string): Buffer {
  const one = typeof certificate === 'string' ? new X509Certificate(certificate) : certificate;
  const [usage = 3, selector = 1, matching = 1] = kind.split(' ').map(Number);
  const bytes = selector === 0 ? one.raw : one.publicKey.export({ type: 'spki', format: 'der' });
  const hash = (name: string): Buffer => createHash(name).update(bytes).digest();
  const data = [bytes, hash('sha256'), hash('sha512')][matching] ?? bytes;
  return Buffer.concat([Buffer.from([usage, selector, matching]), data]);
}
