/**
 * A report as a message: RFC 3464 multipart/report of always three parts (words for the reader, delivery status, the
 * original), in Domino's phrases (Configuration > Router/SMTP, Failure Messages). Pure and fixed: the same record
 * makes the same bytes, so that any number of tries make one message. SMTPUTF8 mail gets the parts of RFC 6533.
 */
import { encode as quotedPrintable, wrap } from 'nodemailer/lib/qp';
import { foldField } from '../envelope/field-text.ts';
import { mailDate } from '../envelope/received.ts';
import type { Envelope } from '../envelope/envelope.ts';
import type { ReportRecord } from '../spool/records.ts';
import { deliveryStatus } from './delivery-status.ts';
import { withoutLongLines } from './long-lines.ts';
import { subjectOf, wordsOf } from './words.ts';

export interface ReportContext {
  readonly hostName: string;
  /** Domain of `Postmaster@…`: the primary domain. */
  readonly domain: string;
  readonly envelope: Envelope;
  /** Texts of the Configuration's `failureText`, by class. */
  readonly failureText: Readonly<Record<string, string | undefined>>;
  /** The original: whole, or its header block alone. */
  readonly original: { readonly bytes: Buffer; readonly whole: boolean };
}

export function composeReport(report: ReportRecord, context: ReportContext): Buffer {
  const { boundary } = report;
  const global = context.envelope.smtpUtf8;
  const parts = [
    textPart(wordsOf(report, context)),
    part(`message/${global ? 'global-' : ''}delivery-status`, Buffer.from(deliveryStatus(report, context))),
    originalPart(context.original, global),
  ];
  const open = Buffer.from(`--${boundary}\r\n`);
  const body = parts.flatMap((bytes) => [open, bytes, crlf]);
  const top = header(report, context, parts.some(isEightBit));
  return Buffer.concat([Buffer.from(top), ...body, Buffer.from(`--${boundary}--\r\n`)]);
}

const crlf = Buffer.from('\r\n');

function isEightBit(bytes: Buffer): boolean {
  return bytes.some((byte) => byte > 127);
}

function header(
  report: ReportRecord,
  { hostName, domain, envelope }: ReportContext,
  eightBit: boolean,
): string {
  const messageId = quotable(envelope);
  const type = `report-type=${envelope.smtpUtf8 ? 'global-' : ''}delivery-status;`;
  const fields = [
    `From: Postmaster@${domain}`,
    `To: ${envelope.from}`,
    foldField('Subject', subjectOf(report)),
    `Date: ${mailDate(new Date(report.date))}`,
    `Message-ID: <${report.reportId}@${hostName}>`,
    ...(messageId === undefined ? [] : [`In-Reply-To: ${messageId}`, `References: ${messageId}`]),
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; ${type}\r\n\tboundary="${report.boundary}"`,
    // RFC 2045 section 6.4: as its parts.
    ...(eightBit ? ['Content-Transfer-Encoding: 8bit'] : []),
  ];
  return `${fields.join('\r\n')}\r\n\r\n`;
}

/** A message ID as it must be written to be named in a header of ours; others go back with the original only. */
function quotable({ header: { messageId = '' }, smtpUtf8 }: Envelope): string | undefined {
  if (!/^<[^\s<>\p{Cc}]{1,900}>$/u.test(messageId)) return undefined;
  return smtpUtf8 || /^[ -~]*$/.test(messageId) ? messageId : undefined;
}

function textPart(text: string): Buffer {
  const lines = text.replaceAll('\n', '\r\n');
  if (isPlain(lines)) return part('text/plain; charset=us-ascii', Buffer.from(lines));
  const encoded = wrap(quotedPrintable(Buffer.from(lines)));
  return part('text/plain; charset=utf-8', Buffer.from(encoded), 'quoted-printable');
}

/** Short ASCII lines need no encoding (RFC 5321 section 4.5.3.1.6 allows 998 octets; readers like 76). */
function isPlain(text: string): boolean {
  return /^[\t\r\n\u0020-\u007e]*$/.test(text) && text.split('\r\n').every((one) => one.length <= 900);
}

function originalPart({ bytes, whole }: ReportContext['original'], global: boolean): Buffer {
  const type = whole
    ? global
      ? 'message/global'
      : 'message/rfc822'
    : global
      ? 'message/global-headers'
      : 'text/rfc822-headers';
  return part(type, withoutLongLines(bytes));
}

function part(type: string, bytes: Buffer, encoding = isEightBit(bytes) ? '8bit' : '7bit'): Buffer {
  return Buffer.concat([
    Buffer.from(`Content-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`),
    bytes,
  ]);
}
