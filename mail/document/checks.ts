/**
 * Checks of single texts of documents. Each answers undefined, or what is wrong and what would be right, beginning
 * with the text in quotes (never the text of a secret).
 */
import { RE2JS } from 're2js';
import { parseDomain } from '../address/domain.ts';
import { parseAddress } from '../address/path.ts';
import { parseNextHop } from '../relay/next-hop.ts';
import { shorten } from './fields.ts';
import { parseEntry } from './list-entry.ts';
import { foldName } from './names.ts';

/** A fully qualified Internet host name: at least two labels, no underscore (RFC 1123 section 2.1). */
export function hostName(text: string): string | undefined {
  const domain = parseDomain(text);
  if (domain.ok && /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(domain.value)) return undefined;
  return `"${text}" is not a fully qualified host name; write one such as mail1.acme.example`;
}

export function internetDomain(text: string): string | undefined {
  const domain = text.startsWith('[') ? undefined : parseDomain(text);
  return domain?.ok === true
    ? undefined
    : `"${text}" is not an Internet domain; write one such as acme.example`;
}

/** An alias of a Global Domain: a domain, or `*.` and a domain. */
export function aliasDomain(text: string): string | undefined {
  const problem = internetDomain(text.replace(/^\*\./, ''));
  return (
    problem &&
    `"${text}" is not an Internet domain; write acme.example, or *.acme.example for every subdomain`
  );
}

/** The pattern of a Foreign SMTP Domain. */
export function foreignPattern(text: string): string | undefined {
  if (text === '*.*' || aliasDomain(text) === undefined) return undefined;
  return `"${text}" is not a pattern of domains; write *.* for all, *.company.example for every subdomain, or company.example`;
}

export function address(text: string): string | undefined {
  const parsed = parseAddress(text);
  return parsed.ok ? undefined : `"${text}" is not an Internet address; write user@acme.example`;
}

/** Whoever may be meant where people, groups or databases are named. */
export function name(text: string): string | undefined {
  if (/[\p{Cc}\p{Cs}]/u.test(text)) return `"${text}" has control characters; write the name without`;
  if (foldName(text) === '') return `"${text}" is blank; write a name such as Jane Doe/Acme`;
  return undefined;
}

export function nameOrAddress(text: string): string | undefined {
  return text.includes('@') ? address(text) : name(text);
}

/** Domino domains carry no `@`, `%` or `=`: those join them to other words. */
export function dominoDomain(text: string): string | undefined {
  if (name(text) === undefined && !/[@%=*/]/.test(text)) return undefined;
  return `"${text}" is not a Domino domain; write one such as ACME`;
}

/** An entry of `dominoDomains`: a Domino domain, or `alias=domain`. */
export function dominoDomainEntry(text: string): string | undefined {
  const parts = text.split('=');
  if (parts.length <= 2 && parts.every((part) => dominoDomain(part) === undefined)) return undefined;
  return `"${text}" is not a Domino domain; write ACME, or Vertrieb=SALESDOM where SMTP addresses say Vertrieb`;
}

export function nextHop(text: string): string | undefined {
  const hop = parseNextHop(text);
  return hop.ok ? undefined : hop.problem;
}

/** Secrets are looked up by name, on one machine as files: the name must not lead elsewhere. */
export function secretName(text: string): string | undefined {
  if (/^[\w+=][\w+=.@-]{0,255}$/.test(text)) return undefined;
  return `"${text}" is not the name of a secret; write letters, digits, "-", "_" and "."`;
}

/** `HH:MM-HH:MM`; the second may be past midnight, as in `22:00-06:00`. */
export function hours(text: string): string | undefined {
  const time = '(?:[01]\\d|2[0-3]):[0-5]\\d';
  const match = new RegExp(`^(${time})-(${time}|24:00)$`).exec(text);
  if (match === null) return `"${text}" is not a time range; write HH:MM-HH:MM, as in 00:00-06:00`;
  return match[1] === match[2]
    ? `"${text}" begins and ends at the same time; write a range such as 00:00-06:00`
    : undefined;
}

/** Backslash is slash; the file must stay below the mailboxes. */
export function mailFile(text: string): string | undefined {
  const parts = text.replaceAll('\\', '/').split('/');
  const isPath = parts.every((part) => part !== '' && part !== '.' && part !== '..');
  if (isPath && name(text) === undefined && Buffer.byteLength(text) <= 512) return undefined;
  return `"${text}" is not a mail file; write a path such as mail/jdoe`;
}

/** As mail/directory/password.ts writes it. Never shows the text: somebody may have written the password itself. */
export function passwordHash(text: string): string | undefined {
  const base64 = '[A-Za-z0-9+/]+={0,2}';
  if (new RegExp(`^scrypt(?:\\$\\d+){3}(?:\\$${base64}){2}$`).test(text)) return undefined;
  return 'is not a password hash; set it with: postern people set-password NAME';
}

/** RFC 6376 section 3.1: a selector is one or more labels. */
export function selector(text: string): string | undefined {
  return (
    internetDomain(text) && `"${text}" is not a DKIM selector; write labels of letters, digits and hyphens`
  );
}

/** RFC 5322 section 2.2. */
export function headerName(text: string): string | undefined {
  if (/^[!-9;-~]{1,76}$/.test(text)) return undefined;
  return `"${text}" is not the name of a header field; write one such as X-Tag`;
}

/** Work per character of a message grows with this; RE2 itself only keeps it from growing faster. */
const largestProgram = 1000;
const longestExpression = 1000;

export function expression(text: string): string | undefined {
  if (text.length > longestExpression)
    return `"${shorten(text)}" is too long for a regular expression; write at most ${longestExpression} characters`;
  try {
    if (RE2JS.compile(text).programSize() <= largestProgram) return undefined;
    return `"${shorten(text)}" repeats too much to be compared with every message; write smaller counts than {1000}`;
  } catch (error) {
    const reason =
      error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error);
    return `"${shorten(text)}" is not a regular expression that RE2 takes: ${reason}`;
  }
}

/** The value of a header field that a rule adds: never a second field (RFC 5322 section 2.2). */
export function headerValue(text: string): string | undefined {
  if (/^[ -~]{0,400}$/.test(text)) return undefined;
  return `"${shorten(text)}" cannot stand in a header field; write one line of at most 400 ASCII characters`;
}

/** What the administrator has the gateway say in a reply: one line, printable ASCII (RFC 5321 section 4.2). */
export function replyText(text: string): string | undefined {
  if (/^[ -~]{0,400}$/.test(text)) return undefined;
  return `"${shorten(text)}" cannot stand in a reply; write one line of at most 400 ASCII characters`;
}

/** A group's members may be anything that a list takes; so may names. */
export function member(text: string): string | undefined {
  const parsed = parseEntry(text, 'members');
  return parsed.ok ? undefined : parsed.problem;
}

/** Between the Domino domains of a constructed local part (RFC 5321 section 4.1.2 Atom). */
export function separator(text: string): string | undefined {
  if (/^[!#$%&'*+/=?^_`{|}~.-]$/.test(text)) return undefined;
  return `"${text}" cannot stand in an address; write one character such as % or .`;
}
