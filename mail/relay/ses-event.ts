/**
 * What Amazon SES tells after it took a message: bounce, complaint, delivery, delay, rejection, in the JSON of its event
 * publishing (`eventType`) or of its feedback notifications (`notificationType`), bare or in an SNS envelope.
 */
export interface SesEvent {
  readonly kind: 'bounce' | 'complaint' | 'delivery' | 'delay' | 'reject';
  /** As SES named the message when it took it. */
  readonly sesId: string;
  readonly recipients: readonly SesRecipient[];
}

export interface SesRecipient {
  readonly address: string;
  /** SES has given up. */
  readonly failed: boolean;
  readonly reply: string;
  readonly replyBy: 'smtp' | 'X-Notes';
}

type Fields = Readonly<Record<string, unknown>>;

/** Whether a message of the queue `report` comes from SES; the others are our own. */
export function isFromSes(body: unknown): boolean {
  if (!isFields(body)) return false;
  return 'eventType' in body || 'notificationType' in body || ('TopicArn' in body && 'Message' in body);
}

/** Undefined: nothing that concerns a message of ours (opens, clicks, a topic's own words). */
export function readSesEvent(body: unknown): SesEvent | undefined {
  const event = unwrapped(body);
  const mail = fieldsOf(event['mail']);
  const sesId = mail['messageId'];
  const named = textOf(event['eventType'] ?? event['notificationType']);
  const read = readers.get(named);
  return typeof sesId === 'string' && read !== undefined ? { sesId, ...read(event, mail) } : undefined;
}

function unwrapped(body: unknown): Fields {
  const envelope = fieldsOf(body);
  if (typeof envelope['Message'] !== 'string') return envelope;
  try {
    return fieldsOf(JSON.parse(envelope['Message']));
  } catch {
    // A topic may carry sentences, such as that it works.
    return {};
  }
}

type Reader = (event: Fields, mail: Fields) => Omit<SesEvent, 'sesId'>;

const readers = new Map<string, Reader>(
  Object.entries({
    Bounce(event: Fields) {
      const bounce = fieldsOf(event['bounce']);
      const what = [bounce['bounceType'], bounce['bounceSubType']].map(textOf).filter(Boolean).join(', ');
      const recipients = listOf(bounce['bouncedRecipients']).map((one) => ({
        address: textOf(one['emailAddress']),
        // An answer by a machine (out of office) is a transient "bounce" too; then nothing has failed.
        failed: bounce['bounceType'] === 'Permanent' || one['action'] === 'failed',
        ...saidOf(one['diagnosticCode'], `Amazon SES reports a bounce (${what})`),
      }));
      return { kind: 'bounce', recipients };
    },
    Complaint(event: Fields) {
      const complaint = fieldsOf(event['complaint']);
      const sentence =
        `Amazon SES passes on a complaint ${textOf(complaint['complaintFeedbackType'])}`.trim();
      const named = listOf(complaint['complainedRecipients']);
      return { kind: 'complaint', recipients: named.map((one) => noted(one['emailAddress'], sentence)) };
    },
    Delivery(event: Fields) {
      const delivery = fieldsOf(event['delivery']);
      const named = Array.isArray(delivery['recipients']) ? (delivery['recipients'] as unknown[]) : [];
      const sentence = textOf(delivery['smtpResponse']) || 'Amazon SES has delivered the message';
      return { kind: 'delivery', recipients: named.map((address) => noted(address, sentence)) };
    },
    DeliveryDelay(event: Fields) {
      const delay = fieldsOf(event['deliveryDelay']);
      const recipients = listOf(delay['delayedRecipients']).map((one) =>
        noted(one['emailAddress'], textOf(one['diagnosticCode']) || 'Amazon SES cannot deliver it yet'),
      );
      return { kind: 'delay', recipients };
    },
    Reject(event: Fields, mail: Fields) {
      const reason = textOf(fieldsOf(event['reject'])['reason']) || 'no reason given';
      const named = Array.isArray(mail['destination']) ? (mail['destination'] as unknown[]) : [];
      const reply = `554 5.7.1 Amazon SES rejected the message: ${reason}`;
      const recipients = named.map((address) => ({ ...noted(address, reply), failed: true }));
      return { kind: 'reject', recipients };
    },
  } satisfies Record<string, Reader>),
);

function noted(address: unknown, reply: string): SesRecipient {
  return { address: textOf(address), failed: false, reply, replyBy: 'X-Notes' };
}

/** `smtp; 550 5.1.1 user unknown` is the other host's reply; anything else are SES's words. */
function saidOf(diagnostic: unknown, otherwise: string): Pick<SesRecipient, 'reply' | 'replyBy'> {
  const text = textOf(diagnostic);
  const reply = /^smtp\s*;\s*(\d{3}.*)$/is.exec(text)?.[1];
  if (reply !== undefined) return { reply: reply.replaceAll(/[\s\p{Cc}]+/gu, ' '), replyBy: 'smtp' };
  const words = text.replaceAll(/[\s\p{Cc}]+/gu, ' ');
  return { reply: `550 5.0.0 ${otherwise}${words && `: ${words}`}`, replyBy: 'X-Notes' };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
