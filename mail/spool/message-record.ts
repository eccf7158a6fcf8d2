/**
 * Record `m` of a message, and how many recipients a record takes. An item takes 400 KB, and grows by the replies and
 * reasons of its recipients; so of a very large envelope record `m` keeps all but the recipients: those stand in the
 * deliveries, before routing as after it.
 */
import type { Envelope } from '../envelope/envelope.ts';
import type { MessageRecord, Phase } from './records.ts';

const largestEnvelope = 300_000;
/** No envelope of so few is larger, whatever their addresses. */
const alwaysFit = 100;

export function messageRecord(envelope: Envelope, phase: Phase): MessageRecord {
  const { id, acceptedAt } = envelope;
  const kept = fits(envelope) ? envelope : withoutRecipients(envelope);
  return { message: id, part: 'm', phase, envelope: kept, reports: 0, acceptedAt, version: 1 };
}

function fits(envelope: Envelope): boolean {
  return envelope.recipients.length <= alwaysFit || octetsOf(envelope) <= largestEnvelope;
}

export function withoutRecipients(envelope: Envelope): Envelope {
  return { ...envelope, recipients: [] };
}

/** The recipients stand in the deliveries only. */
export function leavesOutRecipients({ envelope }: Pick<MessageRecord, 'envelope'>): boolean {
  return envelope.recipients.length === 0;
}

export function octetsOf(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** A record stays under 64 KB: this many recipients, or fewer where their addresses are long. */
const mostRecipients = 100;
const mostCharacters = 32_000;

/** In as many lists as it takes; at least one. */
export function inRecords<T>(items: readonly T[], weightOf: (item: T) => number): T[][] {
  const cut: T[][] = [];
  let current: T[] = [];
  let characters = 0;
  for (const item of items) {
    const more = weightOf(item);
    if (current.length === mostRecipients || (current.length > 0 && characters + more > mostCharacters)) {
      cut.push(current);
      [current, characters] = [[], 0];
    }
    current.push(item);
    characters += more;
  }
  return [...cut, current];
}
