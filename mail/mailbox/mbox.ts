/**
 * A message as an entry of an mbox file (RFC 4155, the mboxrd variant: `>From ` lines can be undone), as it streams by:
 * lines end with LF, and an empty line ends the entry. Holds back no more than a line in doubt.
 */
import { Transform, type TransformCallback } from 'node:stream';
import type { MailboxRow } from './mailbox.ts';

/** A line that is longer is no `From ` line any more. */
const longestDoubt = 4096;

export function mboxEntry(row: Pick<MailboxRow, 'from' | 'date'>): Transform {
  return new MboxEntry(firstLine(row));
}

class MboxEntry extends Transform {
  #held = '';
  #atLineStart = true;
  readonly #first: string;

  constructor(first: string) {
    super();
    this.#first = first;
  }

  override _construct(done: (error?: Error | null) => void): void {
    this.push(this.#first, 'latin1');
    done();
  }

  override _transform(chunk: Uint8Array, _: BufferEncoding, done: TransformCallback): void {
    const text = this.#held + Buffer.from(chunk).toString('latin1');
    this.#give(text, decidedUpTo(text));
    done();
  }

  override _flush(done: TransformCallback): void {
    this.#give(this.#held, this.#held.length);
    this.push(this.#atLineStart ? '\n' : '\n\n', 'latin1');
    done();
  }

  #give(text: string, end: number): void {
    this.#held = text.slice(end);
    if (end === 0) return;
    const lines = text.slice(0, end).replaceAll('\r\n', '\n');
    const inside = !this.#atLineStart;
    const quoted = lines.replaceAll(/^>*From /gm, (found, at: number) =>
      at === 0 && inside ? found : `>${found}`,
    );
    this.push(quoted, 'latin1');
    this.#atLineStart = lines.endsWith('\n');
  }
}

/** Whole lines; of a very long one what has come, but for a CR whose LF may follow. */
function decidedUpTo(text: string): number {
  const whole = text.lastIndexOf('\n') + 1;
  if (text.length - whole <= longestDoubt) return whole;
  return text.endsWith('\r') ? text.length - 1 : text.length;
}

function firstLine({ from, date }: Pick<MailboxRow, 'from' | 'date'>): string {
  const sender = from === '' ? 'MAILER-DAEMON' : Buffer.from(from.replaceAll(/\s/g, '_')).toString('latin1');
  return `From ${sender} ${asctime(new Date(date))}\n`;
}

/** `Sat Nov 21 22:51:25 2026`, in UTC. */
function asctime(date: Date): string {
  const [weekday = '', day = '', month = '', year = '', time = ''] = date
    .toUTCString()
    .replace(',', '')
    .split(' ');
  return `${weekday} ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`;
}
