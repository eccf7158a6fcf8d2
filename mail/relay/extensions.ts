/** What another host offers in its reply to EHLO (RFC 5321 section 4.1.1.1), keyword by keyword. */
import type { RemoteReply } from './replies.ts';

export interface Extensions {
  readonly startTls: boolean;
  readonly pipelining: boolean;
  readonly eightBitMime: boolean;
  readonly smtpUtf8: boolean;
  readonly dsn: boolean;
  readonly requireTls: boolean;
  /** Octets; 0: announced without a limit; absent: not announced. */
  readonly size?: number;
  /** SASL mechanisms, upper case. */
  readonly auth: readonly string[];
}

export const noExtensions: Extensions = {
  startTls: false,
  pipelining: false,
  eightBitMime: false,
  smtpUtf8: false,
  dsn: false,
  requireTls: false,
  auth: [],
};

/** The first line is the greeting and names no keyword. Some old servers write `AUTH=LOGIN`. */
export function readExtensions(reply: RemoteReply): Extensions {
  const lines = reply.lines.slice(1).map((line) => line.toUpperCase().split(/[\s=]+/));
  const has = (keyword: string): boolean => lines.some(([first]) => first === keyword);
  const size = lines.find(([first]) => first === 'SIZE');
  return {
    startTls: has('STARTTLS'),
    pipelining: has('PIPELINING'),
    eightBitMime: has('8BITMIME'),
    smtpUtf8: has('SMTPUTF8'),
    dsn: has('DSN'),
    requireTls: has('REQUIRETLS'),
    ...(size === undefined ? {} : { size: Number(/^\d+$/.exec(size[1] ?? '')?.[0] ?? 0) }),
    auth: lines.filter(([first]) => first === 'AUTH').flatMap((words) => words.slice(1)),
  };
}
