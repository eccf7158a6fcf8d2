/** The machine's part of a report: RFC 3464 sections 2.2 and 2.3, one group per recipient. */
import { decodeXtext } from './xtext.ts';
import { foldField } from '../envelope/field-text.ts';
import { mailDate } from '../envelope/received.ts';
import type { Recipient, ReportRecord } from '../spool/records.ts';
import type { ReportContext } from './compose.ts';
import { diagnosticOf, oneLine, statusOf } from './status.ts';

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
  recipient: Recipient,
  report: ReportRecord,
  { envelope }: Pick<ReportContext, 'envelope'>,
): string[] {
  const diagnostic = diagnosticOf(recipient);
  return [
    ...originalRecipient(recipient),
    `Final-Recipient: ${addressType(envelope.smtpUtf8)}; ${oneLine(recipient.address)}`,
    `Action: ${recipient.owes ?? 'failed'}`,
    `Status: ${statusOf(recipient)}`,
    ...(recipient.remote === undefined ? [] : [`Remote-MTA: dns; ${oneLine(recipient.remote)}`]),
    ...(diagnostic === undefined ? [] : [foldField('Diagnostic-Code', diagnostic.split(' '))]),
    `Last-Attempt-Date: ${mailDate(new Date(recipient.at ?? report.date))}`,
  ];
}

/** As the sender gave it in ORCPT; else the RCPT address, where the final one differs. */
function originalRecipient({ orcpt, original, address }: Recipient): string[] {
  if (orcpt !== undefined) {
    const [type = 'rfc822', ...rest] = orcpt.split(';');
    return [`Original-Recipient: ${oneLine(type)}; ${oneLine(decodeXtext(rest.join(';')))}`];
  }
  return original === address ? [] : [`Original-Recipient: rfc822; ${oneLine(original)}`];
}

function addressType(smtpUtf8: boolean): string {
  return smtpUtf8 ? 'utf-8' : 'rfc822';
}
