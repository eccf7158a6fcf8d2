/**
 * What `postern trace` may tell of a message (Configuration, Message Tracking): nothing where `tracking.enabled` is off or
 * its sender or a recipient is in `tracking.exceptFor`; its subject only with `tracking.subjects`.
 */
import { parseAddress } from '../address/path.ts';
import type { Settings } from '../directory/settings.ts';
import { addressMatcher, type AddressMatcher } from '../document/matcher.ts';
import { decodeWords } from '../envelope/encoded-words.ts';
import type { Envelope } from '../envelope/envelope.ts';
import type { Because } from '../policy/verdict.ts';
import type { Tracking } from '../spool/records.ts';
import { because } from './leaf.ts';

/** Undefined: everything but the subject. */
export function trackingOf(envelope: Envelope, settings: Settings): Tracking | undefined {
  const off = untracked(envelope, settings);
  if (off !== undefined) return { off };
  const { subject } = envelope.header;
  if (!settings.configuration.tracking.subjects || subject === undefined) return undefined;
  return { subject: decodeWords(subject) };
}

function untracked({ from, recipients }: Envelope, settings: Settings): Because | undefined {
  const { name, tracking } = settings.configuration;
  const document = `Configuration ${name}`;
  if (!tracking.enabled) return because(document, 'tracking.enabled', 'false');
  if (tracking.exceptFor.length === 0) return undefined;
  const exceptions = exceptionsOf(settings);
  for (const text of [from, ...recipients.map(({ address }) => address)]) {
    const address = parseAddress(text);
    const entry = address.ok ? exceptions.match(address.value) : undefined;
    if (entry !== undefined) return because(document, 'tracking.exceptFor', entry);
  }
  return undefined;
}

const compiled = new WeakMap<Settings, AddressMatcher>();

/** Compiled once per settings: a list may name a large group. */
function exceptionsOf(settings: Settings): AddressMatcher {
  const list = compiled.get(settings) ?? addressMatcher(settings.configuration.tracking.exceptFor, settings);
  compiled.set(settings, list);
  return list;
}
