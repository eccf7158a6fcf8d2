/**
 * MTA-STS (RFC 8461) without the network: the TXT record that announces a policy, the policy's text, and which mail
 * servers it lets mail go to. What cannot be read is no policy (sections 3.1 and 3.3), never a wider one.
 */
import type { Parsed } from '../address/address.ts';

export interface StsPolicy {
  readonly mode: 'enforce' | 'testing' | 'none';
  /** Lower case: names, or `*.` and a name for one label more. */
  readonly mx: readonly string[];
  /** Seconds that it may be kept. */
  readonly maxAge: number;
}

/** Names where a domain publishes what it wants. */
export const stsRecordName = (domain: string): string => `_mta-sts.${domain}`;
export const stsHost = (domain: string): string => `mta-sts.${domain}`;
export const stsPath = '/.well-known/mta-sts.txt';
export const largestPolicy: number = 64 * 1024;
/** Section 3.2: about a year. */
const longestAge = 31_557_600;

/** The `id` of the one record that counts; undefined: the domain announces no policy. */
export function stsIdOf(records: readonly (readonly string[])[]): string | undefined {
  const announcing = records.map((parts) => parts.join('')).filter((text) => /^v=STSv1\s*(?:;|$)/.test(text));
  if (announcing.length !== 1) return undefined;
  return /;\s*id\s*=\s*([A-Za-z0-9]{1,32})\s*(?:;|$)/.exec(announcing[0]!)?.[1];
}

/** Lines end in CRLF or LF; unknown keys are left alone, and of a key other than `mx` the first one counts. */
export function readStsPolicy(text: string): Parsed<StsPolicy> {
  const pairs = text.split(/\r?\n/).flatMap((line) => {
    const [, key, value] = /^([A-Za-z0-9][\w.-]*)[ \t]*:[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    return key === undefined ? [] : [{ key, value: value ?? '' }];
  });
  const first = (name: string): string | undefined => pairs.find(({ key }) => key === name)?.value;
  const mode = modes.find((one) => one === first('mode'));
  const age = first('max_age') ?? '';
  const mx = pairs.filter(({ key }) => key === 'mx').map(({ value }) => bare(value));
  if (first('version') !== 'STSv1') return no('version is not STSv1');
  if (mode === undefined) return no('mode is not enforce, testing or none');
  if (!/^\d{1,10}$/.test(age)) return no('max_age is no number of seconds');
  if (!mx.every(isPattern)) return no('an mx is no host name');
  if (mode !== 'none' && mx.length === 0) return no('it names no mx');
  return { ok: true, value: { mode, mx, maxAge: Math.min(Number(age), longestAge) } };
}

const modes = ['enforce', 'testing', 'none'] as const;

function no(what: string): { ok: false; problem: string } {
  return { ok: false, problem: `the policy cannot be used: ${what}` };
}

function isPattern(text: string): boolean {
  return /^(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(text);
}

function bare(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

/** Section 4.1: `*.` stands for exactly one label. */
export function allowsMx({ mx }: Pick<StsPolicy, 'mx'>, host: string): boolean {
  const name = bare(host);
  const above = name.slice(name.indexOf('.') + 1);
  return mx.some((pattern) =>
    pattern.startsWith('*.') ? name.includes('.') && pattern.slice(2) === above : pattern === name,
  );
}
