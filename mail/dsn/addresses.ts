/**
 * Addresses as a report writes them: `rfc822; …`, or `utf-8; …` where the message or the address is international
 * (RFC 6533 section 3); a name that leads to nobody is none, and is `X-Notes; …`. Where the report itself must be ASCII, what is not stands as `\x{…}`.
 */
import { oneLine } from './status.ts';
import { decodeXtext } from './xtext.ts';

export function typedAddress(address: string, global: boolean): string {
  const text = oneLine(address);
  if (!text.includes('@') && !/^postmaster$/i.test(text)) return `X-Notes; ${global ? text : embedded(text)}`;
  if (global) return `utf-8; ${text}`;
  return isAscii(text) ? `rfc822; ${text}` : `utf-8; ${embedded(text)}`;
}

/** What the sender gave in ORCPT: xtext (RFC 3461 section 4.2), or for type `utf-8` one of its own spellings. */
export function originalAddress(orcpt: string, global: boolean): string {
  const cut = orcpt.indexOf(';');
  const type = cut === -1 ? 'rfc822' : orcpt.slice(0, cut);
  const address = orcpt.slice(cut + 1);
  if (type.toLowerCase() === 'utf-8')
    return `utf-8; ${oneLine(global ? unembedded(address) : embedded(address))}`;
  const text = decodeXtext(address);
  return `${oneLine(type)}; ${oneLine(global ? text : embedded(text))}`;
}

function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text);
}

function embedded(text: string): string {
  return text.replaceAll(/[^ -~]/gu, (one) => `\\x{${one.codePointAt(0)!.toString(16).toUpperCase()}}`);
}

function unembedded(text: string): string {
  return text.replaceAll(/\\x\{([\dA-F]{2,6})\}/gi, (written, hex: string) => {
    const code = Number.parseInt(hex, 16);
    return code > 0x10_ff_ff || (code >= 0xd8_00 && code <= 0xdf_ff) ? written : String.fromCodePoint(code);
  });
}
