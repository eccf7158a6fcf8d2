/**
 * The arguments of MAIL and RCPT: where the path ends, and the ESMTP parameters behind it, each checked against its
 * RFC. Takes the text behind `FROM:` or `TO:`; gives values or the reply that refuses. A parameter whose extension
 * the document switches off is not recognized (555).
 */
import type { Reply } from '../mail/reply/reply.ts';
import { parameterUnknown555, syntaxError501 } from '../mail/reply/session-replies.ts';

/** Extensions that the Configuration's `inboundCommands` leave on. */
export interface Extensions {
  readonly size: boolean;
  readonly eightBitMime: boolean;
  readonly dsn: boolean;
  readonly smtpUtf8: boolean;
}

export interface MailParameters {
  readonly size?: number;
  readonly eightBitMime: boolean;
  readonly smtpUtf8: boolean;
  readonly requireTls: boolean;
  readonly ret?: 'FULL' | 'HDRS';
  readonly envid?: string;
}

export interface RcptParameters {
  readonly notify?: string;
  readonly orcpt?: string;
}

export type Checked<T> = { readonly value: T } | { readonly refusal: Reply };

export interface Arguments {
  readonly path: string;
  readonly parameters: readonly string[];
}

/** Quoted local parts may hold spaces and brackets, so the path ends at the first `>` outside quotes. */
export function splitArguments(text: string): Checked<Arguments> {
  const found = /^\s*(<(?:"(?:[^"\\]|\\.)*"|[^">])*>|[^\s<]\S*)(?:\s+(.*))?$/su.exec(text.trimEnd());
  if (found === null) return { refusal: syntaxError501('an address in angle brackets was expected') };
  return { value: { path: found[1]!, parameters: (found[2] ?? '').split(/\s+/).filter(Boolean) } };
}

const noMailParameters: MailParameters = { eightBitMime: false, smtpUtf8: false, requireTls: false };

/** SIZE (RFC 1870), BODY (RFC 6152), SMTPUTF8 (RFC 6531), REQUIRETLS (RFC 8689), RET and ENVID (RFC 3461), AUTH (RFC 4954). */
export function mailParameters(list: readonly string[], extensions: Extensions): Checked<MailParameters> {
  if (list.length === 0) return { value: noMailParameters };
  const known = new Set(['AUTH', 'REQUIRETLS']);
  if (extensions.size) known.add('SIZE');
  if (extensions.eightBitMime) known.add('BODY');
  if (extensions.smtpUtf8) known.add('SMTPUTF8');
  if (extensions.dsn) known.add('RET').add('ENVID');
  const given = keywords(list, known);
  if ('refusal' in given) return given;
  const problem = problemIn(given.value, mailChecks);
  if (problem !== undefined) return { refusal: syntaxError501(problem) };
  const { SIZE, BODY, RET, ENVID, ...flags } = Object.fromEntries(given.value);
  return {
    value: {
      ...(SIZE && { size: Number(SIZE) }),
      eightBitMime: BODY?.toUpperCase() === '8BITMIME',
      smtpUtf8: 'SMTPUTF8' in flags,
      requireTls: 'REQUIRETLS' in flags,
      ...(RET && { ret: RET.toUpperCase() as 'FULL' | 'HDRS' }),
      ...(ENVID && { envid: ENVID }),
    },
  };
}

/** NOTIFY and ORCPT (RFC 3461 sections 4.1 and 4.2). */
export function rcptParameters(list: readonly string[], extensions: Extensions): Checked<RcptParameters> {
  if (list.length === 0) return { value: {} };
  const given = keywords(list, new Set(extensions.dsn ? ['NOTIFY', 'ORCPT'] : []));
  if ('refusal' in given) return given;
  const problem = problemIn(given.value, rcptChecks);
  if (problem !== undefined) return { refusal: syntaxError501(problem) };
  const notify = given.value.get('NOTIFY')?.toUpperCase();
  const orcpt = given.value.get('ORCPT');
  return { value: { ...(notify && { notify }), ...(orcpt && { orcpt }) } };
}

type Check = readonly [fits: (value: string) => boolean, problem: string];

/** RFC 3461 section 4: `+` and two upper-case digits; what it stands for must be printable. */
const xtext = /^(?:[!-*,-<>-~]|\+(?:[2-6][\dA-F]|7[\dA-E]))+$/;
/** RFC 6533 section 3 widens ORCPT for addresses that are not ASCII. */
const orcptForm = /^([a-z0-9-]+);(.+)$/isu;

const mailChecks: Readonly<Record<string, Check>> = {
  SIZE: [(value) => /^\d{1,20}$/.test(value), 'SIZE takes up to 20 digits'],
  BODY: [(value) => /^(?:7BIT|8BITMIME)$/i.test(value), 'BODY takes 7BIT or 8BITMIME'],
  SMTPUTF8: [(value) => value === '', 'SMTPUTF8 takes no value'],
  REQUIRETLS: [(value) => value === '', 'REQUIRETLS takes no value'],
  RET: [(value) => /^(?:FULL|HDRS)$/i.test(value), 'RET takes FULL or HDRS'],
  ENVID: [(value) => value.length <= 100 && xtext.test(value), 'ENVID takes up to 100 octets of xtext'],
  AUTH: [(value) => value === '<>' || xtext.test(value), 'AUTH takes <> or xtext'],
};

const rcptChecks: Readonly<Record<string, Check>> = {
  NOTIFY: [isNotify, 'NOTIFY takes NEVER, or a list of SUCCESS, FAILURE and DELAY'],
  ORCPT: [isOrcpt, 'ORCPT takes an address type, a semicolon and xtext, at most 500 octets'],
};

function isNotify(value: string): boolean {
  const words = value.toUpperCase().split(',');
  if (words.length === 1 && words[0] === 'NEVER') return true;
  return (
    new Set(words).size === words.length &&
    words.every((word) => ['SUCCESS', 'FAILURE', 'DELAY'].includes(word))
  );
}

function isOrcpt(value: string): boolean {
  const [, type, address] = orcptForm.exec(value) ?? [];
  if (type === undefined || address === undefined || Buffer.byteLength(value) > 500) return false;
  if (type.toLowerCase() === 'utf-8') return /^[!-*,-<>-~\u00a0-\u{10ffff}]+$/u.test(address);
  return xtext.test(address);
}

function problemIn(
  given: ReadonlyMap<string, string>,
  checks: Readonly<Record<string, Check>>,
): string | undefined {
  for (const [keyword, value] of given) {
    const [fits, problem] = checks[keyword]!;
    if (!fits(value)) return problem;
  }
  return undefined;
}

function keywords(list: readonly string[], known: ReadonlySet<string>): Checked<Map<string, string>> {
  const given = new Map<string, string>();
  for (const parameter of list) {
    const equals = parameter.indexOf('=');
    const keyword = (equals === -1 ? parameter : parameter.slice(0, equals)).toUpperCase();
    if (!known.has(keyword)) return { refusal: parameterUnknown555 };
    if (given.has(keyword)) return { refusal: syntaxError501(`${keyword} is given twice`) };
    given.set(keyword, equals === -1 ? '' : parameter.slice(equals + 1));
  }
  return { value: given };
}
