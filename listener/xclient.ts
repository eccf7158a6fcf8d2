/**
 * XCLIENT (Postfix's XCLIENT_README): a trusted proxy names the peer it speaks for. Takes the arguments, gives what
 * the proxy said, or undefined where it cannot be read. LOGIN is never taken: a proxy cannot log anybody in.
 */
import { isIP } from 'node:net';
import { plainAddress } from '../mail/policy/peer.ts';

export const xclientAttributes = ['NAME', 'ADDR', 'PORT', 'PROTO', 'HELO'] as const;

export interface XclientFacts {
  /** null: the proxy knows that there is none. */
  readonly name?: string | null;
  /** Its look-up failed. */
  readonly nameFailed?: true;
  readonly address?: string;
  readonly port?: number;
  readonly esmtp?: boolean;
  readonly helo?: string;
}

const unavailable = '[UNAVAILABLE]';
const temporarily = '[TEMPUNAVAIL]';
const hostName =
  /^(?=.{1,255}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

export function readXclient(list: readonly string[]): XclientFacts | undefined {
  let facts: XclientFacts = {};
  const seen = new Set<string>();
  for (const part of list) {
    const [, name = '', encoded = ''] = /^([A-Za-z]+)=(\S+)$/.exec(part) ?? [];
    const attribute = name.toUpperCase();
    const value = decode(encoded);
    if (value === undefined || seen.has(attribute)) return undefined;
    seen.add(attribute);
    const read = readAttribute(attribute, value);
    if (read === undefined) return undefined;
    facts = { ...facts, ...read };
  }
  return list.length === 0 ? undefined : facts;
}

function readAttribute(attribute: string, value: string): XclientFacts | undefined {
  const missing = value.toUpperCase() === unavailable || value.toUpperCase() === temporarily;
  switch (attribute) {
    case 'NAME':
      return nameOf(value);
    case 'ADDR':
      return missing ? {} : addressOf(value);
    case 'PORT':
      if (missing) return {};
      return /^\d{1,5}$/.test(value) && Number(value) < 65_536 ? { port: Number(value) } : undefined;
    case 'PROTO':
      if (missing) return {};
      return /^E?SMTP$/i.test(value) ? { esmtp: value.length === 5 } : undefined;
    case 'HELO':
      return missing ? {} : { helo: value.slice(0, 255) };
    default:
      return undefined;
  }
}

function nameOf(value: string): XclientFacts | undefined {
  if (value.toUpperCase() === unavailable) return { name: null };
  if (value.toUpperCase() === temporarily) return { nameFailed: true };
  const name = value.toLowerCase().replace(/\.$/, '');
  return hostName.test(name) ? { name } : undefined;
}

function addressOf(value: string): XclientFacts | undefined {
  const address = value.replace(/^IPV6:/i, '');
  return isIP(address) === 0 ? undefined : { address: plainAddress(address) };
}

/** xtext (RFC 3461 section 4); controls in it are no part of any value. */
function decode(text: string): string | undefined {
  if (text === '' || /\+(?![\dA-Fa-f]{2})/.test(text)) return undefined;
  const value = text.replaceAll(/\+([\dA-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return /\p{Cc}/u.test(value) ? undefined : value;
}
