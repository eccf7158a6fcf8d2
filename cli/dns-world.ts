/** What every look at DNS works with: whom to ask, and how a finding is put. */
import type { Settings } from '../mail/directory/settings.ts';
import type { Resolver } from '../mail/relay/doors.ts';

export interface DnsWorld {
  readonly settings: Settings;
  readonly resolver: Resolver;
}

export interface Finding {
  readonly domain: string;
  readonly check: string;
  readonly ok: boolean;
  /** What is there; empty: nothing. */
  readonly found: string;
  /** What to change; empty where it is well. */
  readonly advice: string;
}

export type Found = Pick<Finding, 'ok' | 'found' | 'advice'>;

export function found(text: string, advice: string | undefined): Found {
  return { ok: advice === undefined, found: text, advice: advice ?? '' };
}

/** Records of a name that begin with a tag; several strings of one record are one text. */
export async function texts({ resolver }: DnsWorld, name: string, tag: RegExp): Promise<string[]> {
  return (await resolver.txt(name)).map((parts) => parts.join('')).filter((text) => tag.test(text));
}
