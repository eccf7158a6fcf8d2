/**
 * One message over a session: MAIL, RCPT, DATA, the body, the final dot; a result for every recipient.
 *
 * Until the final dot is sent nobody has the message: a connection lost before is a reason to try elsewhere, one lost
 * after it leaves the message waiting, because it may have been taken. A reply that makes no sense never means success.
 */
import { isTooLarge, type Outgoing } from '../../mail/relay/commands.ts';
import type { RecipientResult, SendRecipient } from '../../mail/relay/doors.ts';
import { DotStuffer } from '../../mail/relay/dot-stuffing.ts';
import { isPositive, type RemoteReply } from '../../mail/relay/replies.ts';
import {
  answered,
  failed,
  ourWords,
  refused,
  theirWords,
  waiting,
  type Command,
  type Said,
} from '../../mail/relay/results.ts';
import { dropCopy, type Copy } from './copy.ts';
import { ConnectionLost } from './smtp-connection.ts';
import { sendEnvelope } from './smtp-envelope.ts';
import type { Limits, Session } from './smtp-session.ts';

export interface TransactionLimits extends Limits {
  /** Milliseconds that must be left when the final dot is sent: the host may take that long to answer. */
  readonly finalDotReserve: number;
}

export interface Transaction {
  readonly message: Outgoing;
  /** The bytes as they leave, CRLF, without dots added. Opening and reading throw where they cannot be read whole. */
  readonly body: () => Promise<Copy>;
}

export type Outcome =
  /** `usable`: the session may carry another message; `unanswered`: it broke off after the final dot. */
  | {
      readonly ended: true;
      readonly results: readonly RecipientResult[];
      readonly usable: boolean;
      readonly unanswered?: true;
    }
  /** The session broke while nobody could have the message yet. */
  | { readonly ended: false; readonly said: Said; readonly beforeData: boolean };

export async function transact(
  session: Session,
  transaction: Transaction,
  limits: TransactionLimits,
): Promise<Outcome> {
  const progress: Progress = { stage: 'envelope', results: [] };
  const { message } = transaction;
  if (isTooLarge(message, session.extensions)) return tooLarge(session, message);
  // Replies that nobody asked for would be taken for answers to what comes next.
  if (session.connection.hasReply)
    return lost(new ConnectionLost('it spoke out of turn'), { session, transaction, progress });
  // The body is fetched while the envelope is on its way.
  const body = transaction.body();
  const { promise: over, reject } = Promise.withResolvers<never>();
  const guard = setTimeout(() => {
    const why = new ConnectionLost('the time for this message is over');
    dropCopy(body, why);
    reject(why);
  }, limits.remaining());
  const inTime = Promise.race([body, over]);
  inTime.catch(() => undefined);
  try {
    return await carry({ session, transaction: { message, body: () => inTime }, limits, progress });
  } catch (error) {
    session.connection.destroy();
    if (error instanceof ConnectionLost) return lost(error, { session, transaction, progress });
    throw error;
  } finally {
    clearTimeout(guard);
    dropCopy(body);
  }
}

interface Progress {
  stage: 'envelope' | 'data' | 'dot';
  results: RecipientResult[];
}

interface Carriage {
  readonly session: Session;
  readonly transaction: Transaction;
  readonly limits: TransactionLimits;
  readonly progress: Progress;
}

function lost(error: ConnectionLost, { session, transaction, progress }: Omit<Carriage, 'limits'>): Outcome {
  const { remote } = session;
  const sentence = `451 4.4.2 The session with ${remote} broke off: ${error.message}`;
  if (progress.stage !== 'dot')
    return { ended: false, said: ourWords(sentence, remote), beforeData: progress.stage === 'envelope' };
  const open = unanswered(transaction.message.recipients, progress.results);
  const said = ourWords(`${sentence}, after the whole message was sent`, remote);
  const results = [...progress.results, ...waiting(open, said)];
  return { ended: true, results, usable: false, unanswered: true };
}

function unanswered(all: readonly SendRecipient[], results: readonly RecipientResult[]): SendRecipient[] {
  const known = new Set(results.map(({ address }) => address));
  return all.filter(({ address }) => !known.has(address));
}

async function carry(carriage: Carriage): Promise<Outcome> {
  const { session, transaction, limits, progress } = carriage;
  const { message } = transaction;
  const { mail, rcpt, data } = await sendEnvelope(session, message, limits.timeouts);
  if (mail.code === 421) {
    session.connection.destroy();
    return { ended: false, said: theirWords(mail, session.remote), beforeData: true };
  }
  if (!isPositive(mail)) return afterRefusedSender(carriage, { mail, data });
  progress.results = message.recipients.flatMap((recipient, n) => {
    const reply = rcpt[n]!;
    return isPositive(reply) ? [] : refusal(carriage, [recipient], { reply, command: 'RCPT' });
  });
  const accepted = unanswered(message.recipients, progress.results);
  if (accepted.length === 0) return afterNobody(carriage, data);
  const go = data ?? (await command(carriage, 'DATA'));
  if (go.code !== 354) return afterRefusedData(carriage, accepted, go);
  progress.stage = 'data';
  return sendBody(carriage, accepted);
}

function refusal(
  { session }: Carriage,
  recipients: readonly SendRecipient[],
  { reply, command }: { reply: RemoteReply; command: Command },
): RecipientResult[] {
  return refused(recipients, reply, { remote: session.remote, command });
}

function command({ session, limits }: Carriage, line: 'DATA' | 'RSET'): Promise<RemoteReply> {
  return session.connection.command(line, limits.timeouts[line === 'DATA' ? 'data' : 'command']);
}

/** A host that goes on to DATA after refusing the sender cannot be followed: the session ends. */
async function afterRefusedSender(
  carriage: Carriage,
  { mail, data }: { mail: RemoteReply; data?: RemoteReply },
): Promise<Outcome> {
  const { recipients } = carriage.transaction.message;
  const results = refusal(carriage, recipients, { reply: mail, command: 'MAIL' });
  if (data?.code === 354) {
    carriage.session.connection.destroy();
    return { ended: true, results, usable: false };
  }
  return ending(carriage, results, mail);
}

/** Anything but 354 is no leave to send; what is no refusal either cannot be followed. */
async function afterRefusedData(
  carriage: Carriage,
  accepted: readonly SendRecipient[],
  reply: RemoteReply,
): Promise<Outcome> {
  const results = refusal(carriage, accepted, { reply: asRefusal(reply), command: 'DATA' });
  if (reply.code >= 400) return ending(carriage, results, reply);
  carriage.session.connection.destroy();
  return { ended: true, results: [...carriage.progress.results, ...results], usable: false };
}

/** A reply that says yes where only a no makes sense. */
function asRefusal(reply: RemoteReply): RemoteReply {
  return reply.code < 400 ? { code: 0, lines: [String(reply.code), ...reply.lines] } : reply;
}

/** With DATA on its way and nobody accepted, a 354 is answered with an empty message (RFC 2920 section 3.1). */
async function afterNobody(carriage: Carriage, data: RemoteReply | undefined): Promise<Outcome> {
  const { session, limits, progress } = carriage;
  if (data?.code === 354) await session.connection.command('.', limits.timeouts.finalDot);
  return ending(carriage, progress.results, data);
}

/** Ends a transaction without a message; the session is reset, and kept where that works. */
async function ending(
  carriage: Carriage,
  rest: readonly RecipientResult[],
  reply: RemoteReply | undefined,
): Promise<Outcome> {
  const { progress } = carriage;
  const results = rest === progress.results ? rest : [...progress.results, ...rest];
  if (reply?.code === 421) return { ended: true, results, usable: false };
  try {
    const reset = await command(carriage, 'RSET');
    return { ended: true, results, usable: isPositive(reset) };
  } catch (error) {
    if (!(error instanceof ConnectionLost)) throw error;
    return { ended: true, results, usable: false };
  }
}

function tooLarge({ extensions, remote }: Session, message: Outgoing): Outcome {
  const sentence = `552 5.3.4 The message has ${message.size} octets; ${remote} takes at most ${extensions.size}`;
  const results = failed(message.recipients, ourWords(sentence, remote), 'size');
  return { ended: true, results, usable: true };
}

async function sendBody(carriage: Carriage, accepted: readonly SendRecipient[]): Promise<Outcome> {
  const { session, transaction, limits } = carriage;
  const { connection } = session;
  const stuffer = new DotStuffer();
  const copy = await transaction.body();
  let last: Buffer = Buffer.alloc(0);
  for await (const chunk of Buffer.isBuffer(copy) ? [copy] : (copy as AsyncIterable<Uint8Array>)) {
    if (connection.hasReply) break;
    if (last.length > 0) await connection.send(last, limits.timeouts.block);
    last = stuffer.stuff(chunk);
  }
  if (connection.hasReply) return interrupted(carriage, accepted);
  if (limits.remaining() < limits.finalDotReserve) return outOfTime(carriage, accepted);
  return sendEnd(carriage, accepted, Buffer.concat([last, Buffer.from(stuffer.end())]));
}

/** The end of the body and the dot leave in one piece. */
async function sendEnd(
  { session, limits, progress }: Carriage,
  accepted: readonly SendRecipient[],
  end: Buffer,
): Promise<Outcome> {
  const { connection, remote, extensions } = session;
  progress.stage = 'dot';
  limits.way?.commit();
  connection.write(end);
  const answer = await connection.reply(limits.timeouts.finalDot);
  const results = answered(accepted, answer, { remote, dsn: extensions.dsn });
  const usable = isPositive(answer) || (answer.code >= 400 && answer.code !== 421);
  if (!usable) connection.destroy();
  return { ended: true, results: [...progress.results, ...results], usable };
}

/** A reply in the midst of the body refuses it; whatever it says, it is no receipt. */
async function interrupted(carriage: Carriage, accepted: readonly SendRecipient[]): Promise<Outcome> {
  const { session, limits, progress } = carriage;
  const reply = await session.connection.reply(limits.timeouts.command);
  session.connection.destroy();
  const results = refusal(carriage, accepted, { reply: asRefusal(reply), command: 'end of data' });
  return { ended: true, results: [...progress.results, ...results], usable: false };
}

function outOfTime({ session, progress }: Carriage, accepted: readonly SendRecipient[]): Outcome {
  session.connection.destroy();
  const said = ourWords(`451 4.4.2 The message took too long to send to ${session.remote}`);
  return { ended: true, results: [...progress.results, ...waiting(accepted, said)], usable: false };
}
