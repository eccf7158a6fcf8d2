/** A message as an entry of an mbox file (RFC 4155, the mboxrd variant: `>From ` lines can be undone). */
import type { MailboxRow } from './mailbox.ts';

export function mboxOf({ from, date }: Pick<MailboxRow, 'from' | 'date'>, bytes: Buffer): Buffer {
  const sender = from === '' ? 'MAILER-DAEMON' : from.replaceAll(/\s/g, '_');
  const first = `From ${sender} ${asctime(new Date(date))}\n`;
  const lines = bytes
    .toString('latin1')
    .replaceAll('\r\n', '\n')
    .replaceAll(/^(>*From )/gm, '>$1');
  return Buffer.from(`${first}${lines}${lines.endsWith('\n') ? '' : '\n'}\n`, 'latin1');
}

/** `Sat Nov 21 22:51:25 2026`, in UTC. */
function asctime(date: Date): string {
  const [weekday = '', day = '', month = '', year = '', time = ''] = date
    .toUTCString()
    .replace(',', '')
    .split(' ');
  return `${weekday} ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`;
}
