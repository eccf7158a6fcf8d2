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
        address: addressOf(one['emailAddress']),
        failed: hasFailed(bounce, one),
        ...saidOf(one, `Amazon SES reports a bounce (${what})`),
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
    Reject: (event: Fields, mail: Fields) =>
      rejected(mail, 'rejected the message', fieldsOf(event['reject'])['reason']),
    'Rendering Failure': (event: Fields, mail: Fields) =>
      rejected(mail, 'could not render the message', fieldsOf(event['failure'])['errorMessage']),
  } satisfies Record<string, Reader>),
);

/**
 * SES tells of a bounce when it no longer tries. But an answer by a machine (out of office) is a "transient, general"
 * one, too, without the fields of a report: then nothing has failed.
 */
function hasFailed(bounce: Fields, recipient: Fields): boolean {
  const { bounceType, bounceSubType } = bounce;
  if (bounceType === 'Permanent' || recipient['action'] === 'failed') return true;
  if (recipient['action'] !== undefined) return false;
  return !(bounceType === 'Transient' && (bounceSubType ?? 'General') === 'General');
}

/** Nobody has it: SES scans and renders before it sends. */
function rejected(mail: Fields, what: string, reason: unknown): Omit<SesEvent, 'sesId'> {
  const named = Array.isArray(mail['destination']) ? (mail['destination'] as unknown[]) : [];
  const reply = `554 5.7.1 Amazon SES ${what}: ${oneLine(textOf(reason)) || 'no reason given'}`;
  return { kind: 'reject', recipients: named.map((one) => ({ ...noted(one, reply), failed: true })) };
}

function noted(address: unknown, reply: string): SesRecipient {
  return { address: addressOf(address), failed: false, reply: oneLine(reply), replyBy: 'X-Notes' };
}

/** `smtp; 550 5.1.1 user unknown` is the other host's reply; anything else are SES's words, such as of its suppression list. */
function saidOf(recipient: Fields, otherwise: string): Pick<SesRecipient, 'reply' | 'replyBy'> {
  const words = oneLine(textOf(recipient['diagnosticCode']));
  const reply = /^smtp\s*;\s*(\d{3}.*)$/i.exec(words)?.[1];
  if (reply !== undefined) return { reply, replyBy: 'smtp' };
  const detail = /^[45]\.(\d{1,3}\.\d{1,3})$/.exec(textOf(recipient['status']))?.[1] ?? '0.0';
  return { reply: `550 5.${detail} ${otherwise}${words && `: ${words}`}`, replyBy: 'X-Notes' };
}

function oneLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
}

/** `Anna <anna@there.example>`, as a header may have it, is her address. */
function addressOf(value: unknown): string {
  const text = textOf(value).trim();
  return /<([^<>]*)>$/.exec(text)?.[1] ?? text;
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
