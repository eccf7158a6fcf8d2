/**
 * The Internet address of a sender of our own (Configuration `conversion`; Global Domain > Conversions).
 *
 * Takes an address or name as MAIL FROM or a header field has it. An address of a local domain, or at or below the
 * server's host name, that looks up to exactly one Person becomes that person's Internet address; a name without a
 * domain, or with a Domino domain, becomes it as well, or is constructed by the Global Domain's rules. Everything else,
 * postmaster included, stays. Throws DirectoryUnavailable.
 */
import { foldAddress, makeAddress, type Address } from '../../address/address.ts';
import { addressKey, inAscii, parseAddress } from '../../address/path.ts';
import type { Directory, Entry } from '../../directory/directory.ts';
import { dominoDomains } from '../../directory/domino-domains.ts';
import { isLocalDomain } from '../../directory/local-domains.ts';
import { lookUpRecipient } from '../../directory/look-up.ts';
import type { Settings } from '../../directory/settings.ts';
import { equalOrBelow } from '../../document/matcher.ts';
import { abbreviate, commonName, foldName } from '../../document/names.ts';
import { entryNamed } from '../expand.ts';
import { constructed, type ConversionRules } from './rules.ts';

export interface ConversionContext {
  readonly settings: Settings;
  readonly directory: Directory;
  readonly rules: ConversionRules;
  /** The message may have addresses that are not ASCII. */
  readonly smtpUtf8: boolean;
}

export interface Written {
  readonly text: string;
  /** Absent: not an Internet address. */
  readonly address?: Address;
}

export interface ConvertedSender {
  readonly address: Address;
  /** The display name to set; null: none is to stand there. Absent: it stays. */
  readonly phrase?: string | null;
  /** The display name where the sender wrote none. */
  readonly otherwise?: string;
}

export async function convertSender(
  written: Written,
  context: ConversionContext,
): Promise<ConvertedSender | undefined> {
  const { address } = written;
  if (address !== undefined && isOurs(address, context.settings)) return convertAddress(address, context);
  const name = dominoName(written, context.settings);
  return name === undefined ? undefined : convertName(name, context);
}

function isOurs({ local, domain }: Address, settings: Settings): boolean {
  if (/^postmaster$/i.test(local)) return false;
  return isLocalDomain(domain, settings) || equalOrBelow(domain, settings.server.hostName);
}

async function convertAddress(
  address: Address,
  context: ConversionContext,
): Promise<ConvertedSender | undefined> {
  if (!context.rules.lookUp) return undefined;
  const person = await personOf(address, context);
  const own = person?.document.internetAddress;
  return person === undefined || own === undefined ? undefined : withPhrase(own, person.name, context);
}

/** What stands at the server's host name stands at the primary domain. */
async function personOf(address: Address, { settings, directory, rules }: ConversionContext) {
  const atHost = equalOrBelow(address.domain, settings.server.hostName);
  const asked = atHost ? [makeAddress(address.local, rules.suffix), address] : [address];
  for (const one of asked) {
    const result = await lookUpRecipient(one, settings, directory);
    if ('found' in result && result.found.form === 'Person') return result.found;
  }
  return undefined;
}

interface DominoName {
  readonly name: string;
  /** Domino domains behind the name, the nearest first. */
  readonly domains: readonly string[];
}

/** `Jane Doe/Acme`, `jdoe@ACME`, `Jane Doe@Sales@ACME`; undefined: a domain that is none of ours stands there. */
function dominoName({ text, address }: Written, settings: Settings): DominoName | undefined {
  const [name = '', ...domains] = address === undefined ? splitName(text) : [address.local, address.domain];
  const known = dominoDomains(settings);
  if (name.trim() === '' || !domains.every((domain) => known.has(foldName(domain)))) return undefined;
  return { name: name.trim(), domains };
}

function splitName(text: string): string[] {
  const quoted = /^"((?:[^"\\]|\\.)*)"(?:@([^]*))?$/.exec(text);
  if (quoted === null) return text.split('@').map((part) => part.trim());
  return [quoted[1]!.replaceAll(/\\(.)/g, '$1'), ...(quoted[2]?.split('@') ?? [])];
}

async function convertName(
  name: DominoName,
  context: ConversionContext,
): Promise<ConvertedSender | undefined> {
  const entry = await entryNamed(name.name, context.directory);
  const own = context.rules.lookUp ? entry?.document.internetAddress : undefined;
  if (own !== undefined) return withPhrase(own, entry!.name, context);
  return construct(name, entry, context);
}

function construct(
  { name, domains }: DominoName,
  entry: Entry | undefined,
  context: ConversionContext,
): ConvertedSender | undefined {
  const { rules, settings } = context;
  const fullName = abbreviate(entry?.name ?? name);
  const home = entry !== undefined && entry.form !== 'Group' ? entry.document.mailDomain : undefined;
  const local = localPart(fullName, entry, context);
  if (local === undefined) return undefined;
  const all = domains.length > 0 ? domains : [home ?? settings.server.domain];
  const made = constructed(local, all, rules);
  const address = makeAddress(made.local, made.domain);
  const converted = withPhrase(address.text, fullName, context);
  if (converted === undefined || rules.phrase !== 'none' || rules.addressFormat !== 'name-and-address')
    return converted;
  return { ...converted, otherwise: commonName(fullName) };
}

function localPart(
  fullName: string,
  entry: Entry | undefined,
  { rules, smtpUtf8 }: ConversionContext,
): string | undefined {
  const short =
    entry?.form === 'Person' ? entry.document.shortNames.find((one) => !one.includes('@')) : undefined;
  const wanted = {
    'full-name': fullName,
    'common-name': commonName(fullName),
    'short-name': short ?? commonName(fullName),
  }[rules.localPart];
  const word = wanted.replaceAll(/\s+/g, '_');
  return smtpUtf8 ? word : asciiOf(word);
}

/** Without accents, where the message may not carry them; undefined: letters are left that have no other spelling. */
function asciiOf(text: string): string | undefined {
  const plain = text.normalize('NFKD').replaceAll(/\p{M}/gu, '').replaceAll('ß', 'ss');
  return /^[ -~]+$/.test(plain) ? plain : undefined;
}

function withPhrase(
  text: string,
  name: string,
  { rules, smtpUtf8 }: ConversionContext,
): ConvertedSender | undefined {
  const parsed = parseAddress(smtpUtf8 ? text : (inAscii(text) ?? ''));
  if (!parsed.ok) return undefined;
  const address = parsed.value;
  if (rules.phrase === 'none') return { address };
  if (rules.phrase === 'remove') return { address, phrase: null };
  return { address, phrase: rules.phrase === 'common-name' ? commonName(name) : abbreviate(name) };
}

/** The same address in other letters is no change. */
export function isSame({ address }: Written, converted: Address): boolean {
  return address !== undefined && foldAddress(address) === foldAddress(converted);
}

/** MAIL FROM of a copy that leaves. */
export async function convertReversePath(from: string, context: ConversionContext): Promise<string> {
  if (from === '' || addressKey(from) === undefined) return from;
  const parsed = parseAddress(from);
  const written = parsed.ok ? { text: from, address: parsed.value } : { text: from };
  const converted = await convertSender(written, context);
  return converted === undefined || isSame(written, converted.address) ? from : converted.address.text;
}
