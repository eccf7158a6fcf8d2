/** Records of the spool for tests: what is not said is a plain mailbox delivery to Alice, accepted a minute ago. */
import { forms, type Configuration } from '../../mail/document/forms.ts';
import type { Envelope } from '../../mail/envelope/envelope.ts';
import type { Delivery, MessageRecord, Recipient } from '../../mail/spool/records.ts';
import { bodyKeyOf, wakeOf } from '../../mail/spool/keys.ts';

export const now = new Date('2026-11-21T12:00:00.000Z');
export const accepted = '2026-11-21T11:59:00.000Z';

export function configuration(fields: object = {}): Configuration {
  return { name: '*', ...forms.Configuration.parse(fields) };
}

export function waiting(address: string, change: Partial<Recipient> = {}): Recipient {
  return { address, original: address, outcome: 'waiting', ...change };
}

export function delivery(change: Partial<Delivery> = {}): Delivery {
  const message = change.message ?? 'm1';
  return {
    message,
    part: 'd#0001',
    transport: 'mailbox',
    nextHop: 'local',
    mailFile: 'mail/alice',
    quotaMB: 0,
    state: 'pending',
    recipients: [waiting('alice@acme.example')],
    from: 'bob@elsewhere.example',
    smtpUtf8: false,
    eightBitMime: false,
    requireTls: false,
    bodyKey: bodyKeyOf(message),
    size: 100,
    edits: [],
    acceptedAt: accepted,
    attempts: 0,
    claims: 0,
    dueAt: accepted,
    expireAt: '2026-11-22T11:59:00.000Z',
    version: 1,
    events: [],
    wake: wakeOf(message),
    wakeAt: '2026-11-21T12:01:00.000Z',
    ...change,
  };
}

/** A delivery that a worker has claimed. */
export function sending(change: Partial<Delivery> = {}): Delivery {
  const lease = { lease: 'l1', leaseUntil: '2026-11-21T12:02:00.000Z', wakeAt: '2026-11-21T12:02:00.000Z' };
  return delivery({ state: 'sending', claims: 1, version: 2, ...lease, ...change });
}

/** A delivery for two people at one relay host. */
export function outbound(change: Partial<Delivery> = {}): Delivery {
  const recipients = [waiting('anna@there.example'), waiting('carl@there.example')];
  const { mailFile: _, quotaMB: __, ...base } = sending();
  return { ...base, transport: 'smtp', nextHop: 'relay.example:587', recipients, ...change };
}

export function envelope(change: Partial<Envelope> = {}): Envelope {
  const id = change.id ?? 'm1';
  return {
    id,
    origin: 'session',
    from: 'bob@elsewhere.example',
    recipients: [{ address: 'alice@acme.example' }],
    eightBitMime: false,
    smtpUtf8: false,
    requireTls: false,
    bodyKey: bodyKeyOf(id),
    size: 100,
    sha256: '00',
    headerSize: 50,
    header: { messageId: '<x@elsewhere.example>', subject: 'Hello' },
    edits: [{ op: 'prepend', field: 'Received: from elsewhere.example' }],
    acceptedAt: accepted,
    settings: '1',
    ...change,
  };
}

export function messageRecord(change: Partial<MessageRecord> = {}): MessageRecord {
  const message = change.message ?? 'm1';
  return {
    message,
    part: 'm',
    phase: 'routed',
    envelope: envelope({ id: message }),
    reports: 0,
    acceptedAt: accepted,
    version: 1,
    ...change,
  };
}
