/**
 * MAIL and RCPT for one copy towards one host: parameters only where the host offers the extension and the
 * Configuration (`outboundCommands`) uses it; and what the host cannot carry at all, before anything is sent.
 */
import type { SendRecipient } from './doors.ts';
import type { Extensions } from './extensions.ts';

/** `outboundCommands` of the Configuration. */
export interface CommandSwitches {
  readonly dsn: boolean;
  readonly pipelining: boolean;
  readonly size: boolean;
  readonly eightBitMime: boolean;
  readonly smtpUtf8: boolean;
}

/** What is to be sent, without its bytes. */
export interface Outgoing {
  /** Empty: the null sender. */
  readonly from: string;
  readonly recipients: readonly SendRecipient[];
  readonly size: number;
  readonly eightBitMime: boolean;
  readonly smtpUtf8: boolean;
  readonly requireTls: boolean;
  readonly ret?: 'FULL' | 'HDRS';
  readonly envid?: string;
}

/** The host's extensions, without those that the Configuration leaves unused. */
export function usable(offered: Extensions, switches: CommandSwitches): Extensions {
  const { size, ...rest } = offered;
  return {
    ...rest,
    pipelining: offered.pipelining && switches.pipelining,
    eightBitMime: offered.eightBitMime && switches.eightBitMime,
    smtpUtf8: offered.smtpUtf8 && switches.smtpUtf8,
    dsn: offered.dsn && switches.dsn,
    ...(size !== undefined && switches.size ? { size } : {}),
  };
}

export function mailCommand(message: Outgoing, host: Extensions): string {
  const parameters = [
    host.size === undefined ? undefined : `SIZE=${message.size}`,
    host.eightBitMime && message.eightBitMime ? 'BODY=8BITMIME' : undefined,
    host.smtpUtf8 && message.smtpUtf8 ? 'SMTPUTF8' : undefined,
    host.dsn && message.ret !== undefined ? `RET=${message.ret}` : undefined,
    host.dsn && isXtext(message.envid) ? `ENVID=${message.envid}` : undefined,
    host.requireTls && message.requireTls ? 'REQUIRETLS' : undefined,
  ];
  return [`MAIL FROM:<${message.from}>`, ...parameters.filter((p) => p !== undefined)].join(' ');
}

export function rcptCommand(recipient: SendRecipient, host: Extensions): string {
  const parameters = [
    host.dsn && isNotify(recipient.notify) ? `NOTIFY=${recipient.notify}` : undefined,
    host.dsn && isOrcpt(recipient.orcpt) ? `ORCPT=${recipient.orcpt}` : undefined,
  ];
  return [`RCPT TO:<${recipient.address}>`, ...parameters.filter((p) => p !== undefined)].join(' ');
}

/** A copy that may not be written on the wire at all: it would speak commands of its own. */
export function isUnspeakable(message: Outgoing): boolean {
  const addresses = [message.from, ...message.recipients.map(({ address }) => address)];
  return addresses.some((address) => /\p{Cc}/u.test(address));
}

export function hasForeignScript(message: Pick<Outgoing, 'from' | 'recipients'>): boolean {
  return [message.from, ...message.recipients.map(({ address }) => address)].some((a) =>
    /\P{ASCII}/u.test(a),
  );
}

/** RFC 1870: larger than the host says it takes; 0 names no limit. */
export function isTooLarge(message: Outgoing, host: Extensions): boolean {
  return host.size !== undefined && host.size > 0 && message.size > host.size;
}

/** RFC 3461 section 4: printable ASCII without `+` and `=`, which are `+` and two hexadecimal digits. */
function isXtext(text: string | undefined): text is string {
  return text !== undefined && /^(?:[!-*,-<>-~]|\+[\dA-F]{2})+$/.test(text);
}

/** `type;address`, as given; an internationalized one may carry UTF-8 (RFC 6533 section 3). */
function isOrcpt(text: string | undefined): text is string {
  return text !== undefined && /^[\w-]+;(?:[!-*,-<>-~\u0080-\u{10ffff}]|\+[\dA-F]{2})+$/u.test(text);
}

function isNotify(text: string | undefined): text is string {
  return (
    text !== undefined && /^(?:NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY))*)$/i.test(text)
  );
}
