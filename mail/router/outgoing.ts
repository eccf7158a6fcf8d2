/**
 * As whom a copy leaves: MAIL FROM, the header edits of address conversion, and the domain whose key signs it.
 *
 * Conversion and signing are for our own people's mail only: a session with a login, an internal or excluded peer, our
 * own reports. Mail of others leaves untouched, but that a forwarded or expanded copy may leave in our own name
 * (`routing.forwardingSender`). Reads the header block, once, and only where something leaves.
 */
import { canonicalDomain } from '../address/domain.ts';
import { parseAddress } from '../address/path.ts';
import { isLocalDomain } from '../directory/local-domains.ts';
import type { Settings } from '../directory/settings.ts';
import type { Envelope } from '../envelope/envelope.ts';
import type { HeaderEdit } from '../envelope/header-edits.ts';
import { splitHeader } from '../envelope/header.ts';
import { convertHeader, type ConvertedHeader } from './conversion/convert-header.ts';
import { convertReversePath, type ConversionContext } from './conversion/convert-sender.ts';
import { conversionRules } from './conversion/rules.ts';
import type { HopLeaf, Leaf } from './leaf.ts';
import { srsSender } from './srs.ts';
import type { RouterContext } from './route.ts';

export interface Outgoing {
  readonly from: string;
  readonly edits: readonly HeaderEdit[];
  readonly sign?: string;
}

export interface OutgoingContext extends RouterContext {
  readonly now: Date;
  /** The header block as stored; undefined: the body is missing, and whoever sends it will say so. */
  readonly readHeader: (envelope: Envelope) => Promise<Buffer | undefined>;
}

/** How each copy that leaves is to look. */
export async function outgoingOf(
  leaves: readonly Leaf[],
  context: OutgoingContext,
): Promise<(leaf: HopLeaf) => Outgoing> {
  const { envelope, settings, now } = context;
  const converts = isOwn(envelope) && leaves.some(({ way }) => way === 'hop');
  const mail: Outgoing = converts ? await ownMail(context) : { from: envelope.from, edits: [] };
  const passedOn = { ...mail, from: passedOnSender(mail.from, settings, now) };
  return ({ outside, trail }) => (outside && trail.some(({ by }) => by !== 'reversal') ? passedOn : mail);
}

/** Our own people's mail, and our own reports. */
export function isOwn({ origin, session }: Envelope): boolean {
  if (origin === 'report') return true;
  return session !== undefined && (session.auth !== undefined || session.standing !== 'external');
}

/** A stranger's mail to our people that goes on to others, whoever brought it here: kept, or in our name. */
function passedOnSender(from: string, settings: Settings, now: Date): string {
  const sender = parseAddress(from);
  return sender.ok ? srsSender(sender.value, settings, now).text : from;
}

async function ownMail(context: OutgoingContext): Promise<Outgoing> {
  const { envelope, settings } = context;
  const [from, { edits, fromDomain }] = await Promise.all([
    convertReversePath(envelope.from, conversionOf(context)),
    converted(context),
  ]);
  const sign = signingDomain(fromDomain, settings);
  return { from, edits, ...(sign === undefined ? {} : { sign }) };
}

/** A report of ours carries the addresses it should; it is read for its author only. */
async function converted(context: OutgoingContext): Promise<ConvertedHeader> {
  const { envelope, settings } = context;
  const isReport = envelope.origin === 'report';
  if (isReport && settings.configuration.dkimSigning.length === 0) return { edits: [] };
  const bytes = await context.readHeader(envelope);
  if (bytes === undefined) return { edits: [] };
  const found = await convertHeader(splitHeader(bytes), conversionOf(context));
  return isReport ? { ...found, edits: [] } : found;
}

function conversionOf({ settings, directory, envelope }: RouterContext): ConversionContext {
  return { settings, directory, rules: conversionRules(settings), smtpUtf8: envelope.smtpUtf8 };
}

/** Configuration, `dkimSigning`: the author's domain, as a signature names it (RFC 6376 section 3.5, `d=`). */
function signingDomain(fromDomain: string | undefined, { configuration }: Settings): string | undefined {
  if (fromDomain === undefined) return undefined;
  const signs = configuration.dkimSigning.some(({ domain }) => canonicalDomain(domain) === fromDomain);
  return signs ? fromDomain : undefined;
}

/** Amazon SES sends for verified senders only: a stranger's mail that our people pass on cannot leave by it as it is. */
export function sesRefusal(leaf: HopLeaf, from: string, settings: Settings): string | undefined {
  if (leaf.transport !== 'ses' || leaf.trail.length === 0 || from === '') return undefined;
  const sender = parseAddress(from);
  if (sender.ok && isLocalDomain(sender.value.domain, settings)) return undefined;
  return `Amazon SES takes mail of verified senders only, and ${from} is none: let forwarded mail leave by another relay host, or set routing.forwardingSender to rewrite`;
}
