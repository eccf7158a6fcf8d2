/**
 * Passwords as Person documents keep them: `scrypt$N$r$p$salt$hash`, salt and hash in base64. scrypt runs on
 * libuv's threads, off the event loop. What is not in that form, or would cost more than we allow, matches nothing.
 */
import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';

const cost = { N: 2 ** 15, r: 8, p: 1 };
const hashLength = 32;
/** 128 * N * r octets, doubled: what one verification may take. */
const mostMemory = 128 * 1024 * 1024;

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, { ...cost, length: hashLength });
  const { N, r, p } = cost;
  return ['scrypt', N, r, p, salt.toString('base64'), key.toString('base64')].join('$');
}

export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const known = parse(stored);
  if (known === undefined) return false;
  const key = await derive(password, known.salt, { ...known.options, length: known.hash.length });
  return timingSafeEqual(key, known.hash);
}

/** Verified in place of a password nobody has, so that an unknown name costs what a wrong password does. */
export const nobodysPassword: string = [
  'scrypt',
  cost.N,
  cost.r,
  cost.p,
  Buffer.alloc(16).toString('base64'),
  Buffer.alloc(hashLength).toString('base64'),
].join('$');

interface Known {
  readonly options: { readonly N: number; readonly r: number; readonly p: number };
  readonly salt: Buffer;
  readonly hash: Buffer;
}

function parse(stored: string): Known | undefined {
  const found = /^scrypt\$(\d+)\$(\d+)\$(\d+)\$([A-Za-z0-9+/]+={0,2})\$([A-Za-z0-9+/]+={0,2})$/.exec(stored);
  if (found === null) return undefined;
  const [N, r, p] = [Number(found[1]), Number(found[2]), Number(found[3])];
  const powerOfTwo = N > 1 && Number.isInteger(Math.log2(N));
  if (!powerOfTwo || r < 1 || p < 1 || p > 16 || 256 * N * r > mostMemory) return undefined;
  const hash = Buffer.from(found[5]!, 'base64');
  if (hash.length < 16 || hash.length > 64) return undefined;
  return { options: { N, r, p }, salt: Buffer.from(found[4]!, 'base64'), hash };
}

/** Unicode forms of one password are one password (RFC 8265 section 4.2 asks for NFC). */
function derive(
  password: string,
  salt: Buffer,
  options: ScryptOptions & { length: number },
): Promise<Buffer> {
  const { length, ...rest } = options;
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, length, { ...rest, maxmem: mostMemory }, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}
