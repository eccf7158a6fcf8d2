/**
 * A certificate of our own for a listener that was given none: P-256, ten years, the host name as common name and
 * subject alternative name. Written as DER by hand (RFC 5280; X.690), signed by node:crypto.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

export interface KeyAndCertificate {
  readonly key: string;
  readonly cert: string;
}

const years = 10;
const oid = {
  ecdsaWithSha256: '2a8648ce3d040302',
  commonName: '550403',
  subjectAltName: '551d11',
  basicConstraints: '551d13',
};

export function selfSigned(hostName: string, now: Date): KeyAndCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const until = new Date(now);
  until.setUTCFullYear(now.getUTCFullYear() + years);
  const algorithm = sequence(identifier(oid.ecdsaWithSha256));
  const toBeSigned = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(serialNumber()),
    algorithm,
    nameOf(hostName),
    sequence(time(new Date(now.getTime() - 3_600_000)), time(until)),
    nameOf(hostName),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(alternativeName(hostName), endEntity())),
  );
  const signature = sign('sha256', toBeSigned, privateKey);
  const certificate = sequence(toBeSigned, algorithm, bits(signature));
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert: pem(certificate) };
}

function nameOf(hostName: string): Buffer {
  // A common name has at most 64 characters (RFC 5280 appendix A.1); clients read the alternative name.
  const value = tagged(0x0c, Buffer.from(hostName.slice(0, 64)));
  return sequence(tagged(0x31, sequence(identifier(oid.commonName), value)));
}

function alternativeName(hostName: string): Buffer {
  const names = sequence(tagged(0x82, Buffer.from(hostName, 'latin1')));
  return sequence(identifier(oid.subjectAltName), tagged(0x04, names));
}

function endEntity(): Buffer {
  return sequence(
    identifier(oid.basicConstraints),
    tagged(0x01, Buffer.from([0xff])),
    tagged(0x04, sequence()),
  );
}

function serialNumber(): Buffer {
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  return serial;
}

/** UTCTime up to 2049, GeneralizedTime after (RFC 5280 section 4.1.2.5). */
function time(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return date.getUTCFullYear() < 2050
    ? tagged(0x17, Buffer.from(digits.slice(2)))
    : tagged(0x18, Buffer.from(digits));
}

function sequence(...parts: Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function integer(value: Buffer): Buffer {
  return tagged(0x02, value);
}

function identifier(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'));
}

function bits(value: Buffer): Buffer {
  return tagged(0x03, Buffer.concat([Buffer.from([0]), value]));
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const octets = length < 0x100 ? [length] : [length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, 0x80 | octets.length, ...octets]), content]);
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
