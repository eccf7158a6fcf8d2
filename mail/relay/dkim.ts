/**
 * A DKIM-Signature (RFC 6376; Ed25519 by RFC 8463), relaxed/relaxed, over the header as the copy leaves with it.
 * From is named once more than it occurs, so that no second one can be added unnoticed.
 */
import { createHash, createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { splitHeader, type HeaderBlock, type HeaderField } from '../envelope/header.ts';

export interface Signer {
  readonly domain: string;
  readonly selector: string;
  readonly key: KeyObject;
}

export interface Signed {
  /** The header block of the copy, its empty line included. */
  readonly header: Buffer;
  /** Base64, of the relaxed body. */
  readonly bodyHash: string;
  readonly time: Date;
}

/** What readers see or reply to; not what servers on the way add (RFC 6376 section 5.4.1). */
const signedNames = [
  'from',
  'sender',
  'reply-to',
  'to',
  'cc',
  'subject',
  'date',
  'message-id',
  'in-reply-to',
  'references',
  'mime-version',
  'content-type',
  'content-transfer-encoding',
  'list-unsubscribe',
  'list-unsubscribe-post',
];

/** A PEM private key, RSA or Ed25519; throws a sentence on anything else. */
export function readSigningKey(pem: string): KeyObject {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType === 'rsa' || key.asymmetricKeyType === 'ed25519') return key;
  throw new Error(`A DKIM key is RSA or Ed25519, not ${key.asymmetricKeyType}.`);
}

/** The field, folded, without its last CRLF. */
export function dkimSignature({ domain, selector, key }: Signer, { header, bodyHash, time }: Signed): string {
  const block = splitHeader(header);
  const fields = block.fields.filter((field) => signedNames.includes(field.name.toLowerCase())).toReversed();
  const names = [...fields.map(({ name }) => name.toLowerCase()), 'from'];
  const algorithm = key.asymmetricKeyType === 'rsa' ? 'rsa-sha256' : 'ed25519-sha256';
  const seconds = Math.floor(time.getTime() / 1000);
  const unsigned = [
    `DKIM-Signature: v=1; a=${algorithm}; c=relaxed/relaxed;`,
    `d=${domain}; s=${selector}; t=${seconds};`,
    ...foldNames(names),
    `bh=${bodyHash};`,
    'b=',
  ].join('\r\n ');
  const lines = fields.map((field) => relaxedField(block, field));
  const data = Buffer.concat([...lines, Buffer.from(relaxed(unsigned), 'latin1')]);
  return unsigned + foldBase64(signatureOf(key, data));
}

/** Ed25519 signs the SHA-256 of the data (RFC 8463 section 3). */
function signatureOf(key: KeyObject, data: Buffer): string {
  if (key.asymmetricKeyType === 'rsa') return sign('sha256', data, key).toString('base64');
  return sign(null, createHash('sha256').update(data).digest(), key).toString('base64');
}

/** RFC 6376 section 3.4.2; bytes beyond ASCII stay as they are. */
function relaxedField({ bytes }: HeaderBlock, { start, end }: HeaderField): Buffer {
  return Buffer.from(`${relaxed(bytes.toString('latin1', start, end))}\r\n`, 'latin1');
}

function relaxed(field: string): string {
  const colon = field.indexOf(':');
  const name = field.slice(0, colon).trimEnd().toLowerCase();
  const body = field
    .slice(colon + 1)
    .replaceAll(/\r?\n/g, '')
    .replaceAll(/[ \t]+/g, ' ');
  return `${name}:${body.replaceAll(/^ | $/g, '')}`;
}

function foldNames(names: readonly string[]): string[] {
  const lines = [];
  for (let at = 0; at < names.length; at += 5) lines.push(names.slice(at, at + 5).join(':'));
  return `h=${lines.join(':\n')};`.split('\n');
}

function foldBase64(text: string): string {
  return (text.match(/.{1,72}/g) ?? []).join('\r\n ');
}
