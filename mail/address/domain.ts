/**
 * Domains and address literals of addresses, in one canonical spelling each: names as lower-case A-labels
 * (RFC 5890), literals as `[192.0.2.1]` and `[IPv6:2001:db8::1]` (RFC 5321 section 4.1.3).
 * What is neither gives a problem, never an exception.
 */
import { domainToASCII } from 'node:url';
import ipaddr from 'ipaddr.js';
import type { Parsed } from './address.ts';

const maximumDomain = 255;
/** Underscores are no host name characters, but names with them send mail. */
const asciiName = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const decimalIPv4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;

export function parseDomain(text: string): Parsed<string> {
  if (text.startsWith('[')) return parseLiteral(text);
  if (text === '') return wrong('the domain after the "@" is missing');
  const name = toName(text);
  if (name === undefined || !asciiName.test(name))
    return wrong(
      `"${text}" is not a domain; write labels of letters, digits and hyphens, such as acme.example`,
    );
  if (name.length > maximumDomain) return wrong(`a domain has at most ${maximumDomain} octets`);
  if (/^\d+$/.test(name.slice(name.lastIndexOf('.') + 1)))
    return wrong(`"${text}" is a number, not a domain; write an address literal as [192.0.2.1]`);
  return { ok: true, value: name };
}

/** A domain as documents and look-ups compare it, or undefined where it is none. */
export function canonicalDomain(text: string): string | undefined {
  const parsed = parseDomain(text);
  return parsed.ok ? parsed.value : undefined;
}

function toName(text: string): string | undefined {
  if (/^[\u0021-\u007e]*$/.test(text)) return text.toLowerCase();
  // domainToASCII reads a URL host: what has a meaning there must not reach it.
  if (!/^[a-z0-9._\u0080-\u{10ffff}-]+$/iu.test(text) || /[\p{Cc}\p{Cs}\ufffd]/u.test(text)) return undefined;
  const name = domainToASCII(text.normalize('NFC'));
  return name === '' ? undefined : name;
}

function parseLiteral(text: string): Parsed<string> {
  const inside = /^\[([^\]]*)\]$/.exec(text)?.[1];
  const address = inside === undefined ? undefined : literalAddress(inside);
  if (address === undefined)
    return wrong(`"${text}" is not an address literal; write [192.0.2.1] or [IPv6:2001:db8::1]`);
  return { ok: true, value: address.includes(':') ? `[IPv6:${address}]` : `[${address}]` };
}

function literalAddress(inside: string): string | undefined {
  if (decimalIPv4.test(inside)) return ipaddr.IPv4.isValidFourPartDecimal(inside) ? plain(inside) : undefined;
  const v6 = /^ipv6:([\da-f:.]+)$/i.exec(inside)?.[1];
  return v6 !== undefined && ipaddr.IPv6.isValid(v6) ? plain(v6) : undefined;
}

function plain(text: string): string {
  return ipaddr.parse(text).toString();
}

function wrong(problem: string): Parsed<never> {
  return { ok: false, problem };
}
