/** The machine's part of a report: RFC 3464 sections 2.2 and 2.3, one group per recipient. */
import { foldField } from '../envelope/field-text.ts';
import { mailDate } from '../envelope/received.ts';
import type { ReportedRecipient, ReportRecord } from '../spool/records.ts';
import { originalAddress, typedAddress } from './addresses.ts';
import type { ReportContext } from './compose.ts';
import { diagnosticOf, oneLine, statusOf } from './status.ts';
import { decodeXtext } from './xtext.ts';

export function deliveryStatus(
  report: ReportRecord,
  context: Pick<ReportContext, 'hostName' | 'envelope'>,
): string {
  const groups = [
    messageFields(context),
    ...report.recipients.map((one) => recipientFields(one, report, context)),
  ];
  return groups.map((fields) => `${fields.join('\r\n')}\r\n`).join('\r\n');
}

function messageFields({ hostName, envelope }: Pick<ReportContext, 'hostName' | 'envelope'>): string[] {
  const id =
    envelope.envid === undefined ? [] : [`Original-Envelope-Id: ${oneLine(decodeXtext(envelope.envid))}`];
  return [
    ...id,
    `Reporting-MTA: dns; ${hostName}`,
    `Arrival-Date: ${mailDate(new Date(envelope.acceptedAt))}`,
  ];
}

function recipientFields(
  recipient: ReportedRecipient,
  report: ReportRecord,
  { envelope: { smtpUtf8 } }: Pick<ReportContext, 'envelope'>,
): string[] {
  const { orcpt, owes = 'failed', remote, retryUntil } = recipient;
  const diagnostic = diagnosticOf(recipient);
  const said = smtpUtf8 ? diagnostic : diagnostic?.replaceAll(/[^\u0020-\u007e]/g, '?');
  return [
    // RFC 3461 section 6.3 (d): only where the sender gave ORCPT.
    ...(orcpt === undefined ? [] : [`Original-Recipient: ${originalAddress(orcpt, smtpUtf8)}`]),
    `Final-Recipient: ${typedAddress(recipient.address, smtpUtf8)}`,
    `Action: ${owes}`,
    `Status: ${statusOf(recipient)}`,
    ...(remote === undefined ? [] : [`Remote-MTA: dns; ${mtaName(remote)}`]),
    ...(said === undefined ? [] : [foldField('Diagnostic-Code', said.split(' '))]),
    `Last-Attempt-Date: ${mailDate(new Date(recipient.at ?? report.date))}`,
    ...(retryUntil === undefined ? [] : [`Will-Retry-Until: ${mailDate(new Date(retryUntil))}`]),
  ];
}

/** A domain name, or an address in brackets (RFC 3464 section 2.1.2): the address behind the name stays out. */
function mtaName(remote: string): string {
  return oneLine(remote).replace(/(?<=\S) \[[^\]]*\]$/, '');
}
