/**
 * A report of ours for a host that takes no 8-bit text (no 8BITMIME). `message/rfc822` may not be encoded anew (RFC 2046
 * section 5.2.1), so of such an original only the header goes back, as RFC 3462 section 1 allows; every other part with
 * 8-bit text is written in quoted-printable, which RFC 6532 and 6533 allow for theirs. What is 7-bit stays as it is.
 */
import { encode as quotedPrintable, wrap } from 'nodemailer/lib/qp';
import { headerEnd } from '../envelope/header.ts';

export function sevenBitReport(report: Buffer): Buffer {
  const end = headerEnd(report);
  const header = report.subarray(0, end).toString('latin1');
  const boundary = /\bboundary="([^"]+)"/.exec(header)?.[1];
  if (end === -1 || boundary === undefined) return report;
  const plain = header.replace(/^Content-Transfer-Encoding: 8bit\r\n/im, '');
  const parts = partsOf(report.subarray(end), boundary).map(sevenBitPart);
  const body = parts.map((part) => `--${boundary}\r\n${part.toString('latin1')}\r\n`).join('');
  return Buffer.from(`${plain}${body}--${boundary}--\r\n`, 'latin1');
}

/** Our own reports hold their boundary nowhere else: it is made of the report's id. */
function partsOf(body: Buffer, boundary: string): Buffer[] {
  const text = `\r\n${body.toString('latin1')}`;
  return text
    .split(`\r\n--${boundary}`)
    .slice(1, -1)
    .map((part) => Buffer.from(part.replace(/^\r\n/, ''), 'latin1'));
}

function sevenBitPart(part: Buffer): Buffer {
  if (!part.some((byte) => byte > 127)) return part;
  const end = headerEnd(part);
  const type = /^Content-Type: ([^\r\n]*)/i.exec(part.subarray(0, end).toString('latin1'))?.[1] ?? '';
  if (type !== 'message/rfc822') return encoded(type, part.subarray(end));
  const original = part.subarray(end);
  const cut = headerEnd(original);
  return encoded('text/rfc822-headers', cut === -1 ? original : original.subarray(0, cut));
}

function encoded(type: string, bytes: Buffer): Buffer {
  const foreign = bytes.some((byte) => byte > 127);
  const text = foreign ? wrap(quotedPrintable(bytes)) : bytes.toString('latin1');
  const how = foreign ? 'quoted-printable' : '7bit';
  return Buffer.from(`Content-Type: ${type}\r\nContent-Transfer-Encoding: ${how}\r\n\r\n${text}`, 'latin1');
}
