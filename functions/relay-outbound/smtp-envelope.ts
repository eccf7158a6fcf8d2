/**
 * The envelope of a message over a session: MAIL, RCPT for each recipient and, pipelined (RFC 2920), DATA behind them.
 */
import { mailCommand, rcptCommand, type Outgoing } from '../../mail/relay/commands.ts';
import { isPositive, type RemoteReply } from '../../mail/relay/replies.ts';
import type { Timeouts } from './smtp-connection.ts';
import type { Session } from './smtp-session.ts';

export interface Answers {
  readonly mail: RemoteReply;
  readonly rcpt: readonly RemoteReply[];
  /** Only where DATA went with the rest. */
  readonly data?: RemoteReply;
}

/** Commands in one go where the host allows it, else one at a time. */
export async function sendEnvelope(
  { connection, extensions }: Session,
  message: Outgoing,
  timeouts: Timeouts,
): Promise<Answers> {
  const mailLine = mailCommand(message, extensions);
  const rcptLines = message.recipients.map((recipient) => rcptCommand(recipient, extensions));
  const rcpt: RemoteReply[] = [];
  if (extensions.pipelining) {
    connection.write([mailLine, ...rcptLines, 'DATA', ''].join('\r\n'));
    const mail = await connection.reply(timeouts.command);
    for (const _ of rcptLines) rcpt.push(await connection.reply(timeouts.command));
    return { mail, rcpt, data: await connection.reply(timeouts.data) };
  }
  const mail = await connection.command(mailLine, timeouts.command);
  if (isPositive(mail))
    for (const line of rcptLines) rcpt.push(await connection.command(line, timeouts.command));
  return { mail, rcpt };
}
