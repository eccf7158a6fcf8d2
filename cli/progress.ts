/** A line on standard error for what takes long: rewritten in place on a terminal, else now and then a new one. */
import { stderr } from 'node:process';

const few = 200;
const everyMs = 5_000;

export interface Progress {
  say(text: string): void;
  end(): void;
}

/** Silent for what is done at once. */
export function progressFor(count: number): Progress {
  if (count < few) return { say: () => undefined, end: () => undefined };
  let said = Date.now();
  let shown = false;
  return {
    say(text) {
      if (!stderr.isTTY && Date.now() - said < everyMs) return;
      said = Date.now();
      shown = true;
      stderr.write(stderr.isTTY ? `\r\u001b[K${text}` : `${text}\n`);
    },
    end() {
      if (shown && stderr.isTTY) stderr.write('\n');
    },
  };
}

export function thousands(count: number): string {
  return count.toLocaleString('en-US');
}
