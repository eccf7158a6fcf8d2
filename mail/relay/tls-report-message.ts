/**
 * The report of TLS as a message (RFC 8460 section 5.3): words for people, and the compressed JSON.
 */
import { createHash } from 'node:crypto';
import { mailDate } from '../envelope/received.ts';
import type { TlsReportFacts } from './tls-report.ts';

export interface TlsReportMessage extends TlsReportFacts {
  readonly to: readonly string[];
  /** The JSON, as gzip. */
  readonly report: Buffer;
  readonly hostName: string;
  readonly date: Date;
}

/** Derived from the day and the domain, letters, digits and `-`: one report of a day is one message. */
export function tlsReportId(domain: string, day: string): string {
  return `tlsrpt-${day.replaceAll('-', '')}-${hash(domain)}`;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

export function tlsReportMessage(message: TlsReportMessage): Buffer {
  const { domain, submitter, reportId } = message;
  const boundary = `=_${reportId}`;
  const parts = [
    ['Content-Type: text/plain; charset=us-ascii', '', ...wordsOf(message)],
    [
      `Content-Type: application/tlsrpt+gzip; name="${fileName(message)}"`,
      'Content-Transfer-Encoding: base64',
      `Content-Disposition: attachment; filename="${fileName(message)}"`,
      '',
      ...inLines(message.report),
    ],
  ];
  const lines = [
    `From: postmaster@${submitter}`,
    `To: ${message.to.join(',\r\n ')}`,
    `Subject: Report Domain: ${domain}`,
    ` Submitter: ${submitter}`,
    ` Report-ID: <${reportId}@${message.hostName}>`,
    `Date: ${mailDate(message.date)}`,
    `Message-ID: <${reportId}@${message.hostName}>`,
    `TLS-Report-Domain: ${domain}`,
    `TLS-Report-Submitter: ${submitter}`,
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type="tlsrpt";\r\n boundary="${boundary}"`,
    '',
    ...parts.flatMap((part) => [`--${boundary}`, ...part]),
    `--${boundary}--`,
    '',
  ];
  return Buffer.from(lines.join('\r\n'));
}

function wordsOf({ domain, submitter, day }: TlsReportFacts): string[] {
  return [
    `This is the report of ${submitter} about TLS in mail to ${domain}`,
    `on ${day} (UTC). The numbers are in the attachment (RFC 8460).`,
    '',
  ];
}

/** Section 5.1; times as seconds. */
function fileName({ submitter, domain, day }: TlsReportFacts): string {
  const start = Date.parse(`${day}T00:00:00Z`) / 1_000;
  return `${submitter}!${domain}!${start}!${start + 86_399}.json.gz`;
}

function inLines(bytes: Buffer): string[] {
  return bytes.toString('base64').match(/.{1,76}/g) ?? [];
}
