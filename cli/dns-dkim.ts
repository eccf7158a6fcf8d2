/** The published keys of `dkimSigning`, held against the private keys that sign, where these may be read from here. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { readSigningKey } from '../mail/relay/dkim.ts';
import { found, texts, type DnsWorld, type Found } from './dns-world.ts';

export interface KeyWorld extends DnsWorld {
  /** Throws where secrets may not be read from here; undefined: there is none of that name. */
  readonly secret: (name: string) => Promise<string | undefined>;
}

/** RFC 8301 section 3.2. */
const shortestRsa = 1024;

export async function dkimKey(world: KeyWorld, name: string, secret: string): Promise<Found> {
  const [record = ''] = await texts(world, name, /(^|;)\s*p=/i);
  const published = tags(record);
  const shown = record === '' ? '' : `${name}: ${record.slice(0, 60)}${record.length > 60 ? '…' : ''}`;
  const own = await ownKey(world, secret);
  if (typeof own === 'object' && 'advice' in own) return found(shown, own.advice);
  if (!published.p) return found(record, `Write ${recordOf(name, own)}; without it every signature fails.`);
  if (own === undefined)
    return found(`${shown} (not compared: the secret "${secret}" may not be read from here)`, undefined);
  if (!isSame(published, own))
    return found(
      shown,
      `This is not the key that signs (secret "${secret}"), so every signature fails. Write ${recordOf(name, own)}.`,
    );
  if (published.s !== undefined && !/(^|:)\s*(\*|email)\s*(:|$)/.test(published.s))
    return found(shown, `The record is not for mail (s=${published.s}): leave s= out.`);
  if (bitsOf(own) < shortestRsa)
    return found(shown, 'Receivers refuse RSA keys under 1024 bits: postern dns dkim-key makes one of 2048.');
  return found(`${shown}, the key of the secret "${secret}"`, undefined);
}

function tags(record: string): Readonly<Partial<Record<'p' | 'k' | 's', string>>> {
  const pairs = record.split(';').flatMap((part) => {
    const [, name, value] = /^\s*([a-z]+)\s*=([^]*)$/i.exec(part) ?? [];
    return name === undefined ? [] : [[name.toLowerCase(), (value ?? '').trim()] as const];
  });
  const { p, ...rest } = Object.fromEntries(pairs) as Record<string, string>;
  return { ...rest, ...(p !== undefined && { p: p.replaceAll(/\s/g, '') }) };
}

/** The public half of the key in the secret; undefined: not to be read from here. */
async function ownKey(world: KeyWorld, secret: string): Promise<KeyObject | undefined | { advice: string }> {
  const pem = await world.secret(secret).catch(() => null);
  if (pem === null) return undefined;
  if (pem === undefined)
    return {
      advice: `There is no secret "${secret}" (dkimSigning), so mail that it should sign waits: write the private key there.`,
    };
  try {
    return createPublicKey(readSigningKey(pem));
  } catch {
    return {
      advice: `The secret "${secret}" (dkimSigning) is no PEM private key, RSA or Ed25519, so mail that it should sign waits.`,
    };
  }
}

/** RFC 6376 section 3.6.1 and RFC 8463 section 4: SubjectPublicKeyInfo (or what it wraps) for RSA, the bare key for Ed25519. */
function publishedForms(key: KeyObject): string[] {
  const spki = key.export({ type: 'spki', format: 'der' });
  if (key.asymmetricKeyType === 'ed25519') return [spki.subarray(-32).toString('base64')];
  return [spki, key.export({ type: 'pkcs1', format: 'der' })].map((der) => der.toString('base64'));
}

function isSame({ p = '', k = 'rsa' }: ReturnType<typeof tags>, own: KeyObject): boolean {
  return k.toLowerCase() === own.asymmetricKeyType && publishedForms(own).includes(p);
}

function bitsOf(key: KeyObject): number {
  return key.asymmetricKeyDetails?.modulusLength ?? Number.POSITIVE_INFINITY;
}

function recordOf(name: string, own: KeyObject | undefined): string {
  if (own === undefined) return `the TXT record of the key at ${name}`;
  return `${name}. IN TXT "v=DKIM1; k=${own.asymmetricKeyType}; p=${publishedForms(own)[0]}"`;
}
