/**
 * The certificate that clients see: the one that was given (a secret, or `key.pem` and `cert.pem` in the folder),
 * else one of our own, made at the first start and kept in the folder. What was given is looked at again now and
 * then; a new one serves new handshakes without a restart. One that cannot be read leaves the last in force.
 */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { selfSigned, type KeyAndCertificate } from './self-signed.ts';

export interface CertificateOptions {
  readonly directory: string;
  /** PEM with the private key and the chain, from a secret; undefined: there is none. */
  readonly given?: () => Promise<string | undefined>;
  readonly hostName: string;
}

export interface Certificate extends KeyAndCertificate {
  readonly selfSigned: boolean;
}

export async function readCertificate(options: CertificateOptions): Promise<Certificate> {
  const text = (await options.given?.()) ?? (await readPair(options.directory, 'key.pem', 'cert.pem'));
  if (text !== undefined) return { ...split(text), selfSigned: false };
  return { ...(await ownCertificate(options)), selfSigned: true };
}

const soonMs = 14 * 86_400_000;

/** Time to act: what renews by itself is renewed weeks before. */
export function endsSoon({ cert }: KeyAndCertificate, now: Date): boolean {
  return Date.parse(new X509Certificate(cert).validTo) - now.getTime() < soonMs;
}

async function ownCertificate({ directory, hostName }: CertificateOptions): Promise<KeyAndCertificate> {
  const kept = await readPair(directory, 'self-signed.pem');
  if (kept !== undefined) return split(kept);
  const made = selfSigned(hostName, new Date());
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'self-signed.pem'), made.key + made.cert, { mode: 0o600 });
  return made;
}

/** All of the files, joined; undefined where one is missing. */
async function readPair(directory: string, ...names: string[]): Promise<string | undefined> {
  try {
    const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
    return texts.join('\n');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause;
  }
}

/** Throws where key and certificate are missing, or do not belong together. */
function split(text: string): KeyAndCertificate {
  const key = /-----BEGIN (?:\w+ )?PRIVATE KEY-----.*?-----END (?:\w+ )?PRIVATE KEY-----/s.exec(text)?.[0];
  const chain = text.match(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs) ?? [];
  if (key === undefined || chain.length === 0)
    throw new Error('The listener certificate must be PEM with a private key and at least one certificate.');
  if (!new X509Certificate(chain[0]!).checkPrivateKey(createPrivateKey(key)))
    throw new Error('The private key of the listener certificate does not belong to its first certificate.');
  return { key: `${key}\n`, cert: `${chain.join('\n')}\n` };
}
