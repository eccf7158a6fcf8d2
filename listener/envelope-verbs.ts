/**
 * MAIL and RCPT: a ladder of refusals, then the happy path. MAIL takes the current settings, and everything up to
 * the end of DATA is judged with them. Sizes and extensions are checked here, the rest is policy.
 */
import { logSafe, type ReversePath } from '../mail/address/address.ts';
import { parseForwardPath, parsePath } from '../mail/address/path.ts';
import type { Settings } from '../mail/directory/settings.ts';
import { inConfiguration } from '../mail/policy/ruling.ts';
import { atMail, atRecipient } from '../mail/policy/stages.ts';
import type { Verdict } from '../mail/policy/verdict.ts';
import {
  needsSmtpUtf8553,
  recipientOk250,
  recipientSyntax501,
  senderOk250,
  senderSyntax501,
  storageFull452,
} from '../mail/reply/message-replies.ts';
import { reply, type Reply } from '../mail/reply/reply.ts';
import { badSequence503, syntaxError501, tlsRequired530 } from '../mail/reply/session-replies.ts';
import { say, type Answer } from './answer.ts';
import type { Dialogue } from './dialogue.ts';
import {
  mailParameters,
  rcptParameters,
  splitArguments,
  type Checked,
  type MailParameters,
} from './parameters.ts';
import { Transaction } from './transaction.ts';

/** RFC 8689 section 4.2. */
const requireTlsNeedsTls530: Reply = reply(530, '7.10', 'REQUIRETLS needs a TLS connection');

interface MailCommand {
  readonly from: ReversePath;
  readonly parameters: MailParameters;
}

export async function mailFrom(dialogue: Dialogue, argument: string): Promise<Answer> {
  if (dialogue.hello === undefined || dialogue.transaction !== undefined) return say(badSequence503);
  const settings = await dialogue.house.settings();
  const { startTls } = settings.configuration.inboundCommands;
  if (dialogue.tls === undefined && startTls === 'required') {
    const because = inConfiguration(settings, 'inboundCommands.startTls', startTls);
    return limited(dialogue, tlsRequired530, { reason: 'protocol', because });
  }
  const command = readMail(argument, settings);
  if ('refusal' in command) return say(command.refusal);
  const { from, parameters } = command.value;
  if (parameters.requireTls && dialogue.tls === undefined) return say(requireTlsNeedsTls530);
  if (await dialogue.house.doors.room.isFull())
    return limited(dialogue, storageFull452, { reason: 'storage' });
  const { verdict, connection } = await atMail(dialogue.context(settings), {
    sender: from,
    size: parameters.size,
    connection: dialogue.connection,
  });
  dialogue.took(connection);
  if (verdict.outcome !== 'accept') return refuse(dialogue, 'mail', verdict);
  dialogue.transaction = new Transaction(settings, from, parameters);
  return say(senderOk250(logSafe(from)));
}

export async function rcptTo(dialogue: Dialogue, argument: string): Promise<Answer> {
  const { transaction } = dialogue;
  if (transaction === undefined) return say(badSequence503);
  const to = /^TO:(.*)$/is.exec(argument)?.[1];
  const split = to === undefined ? undefined : splitArguments(to);
  if (split === undefined || 'refusal' in split)
    return say(recipientSyntax501('write RCPT TO:<user@acme.example>'));
  const { path, parameters: list } = split.value;
  const { smtpUtf8 } = transaction.parameters;
  const address = parseForwardPath(path, { smtpUtf8: true });
  if (!address.ok) return say(recipientSyntax501(logSafe(address.problem)));
  if (!smtpUtf8 && !isAscii(path)) return say(needsSmtpUtf8553);
  const parameters = rcptParameters(list, transaction.settings.configuration.inboundCommands);
  if ('refusal' in parameters) return say(parameters.refusal);
  const verdict = await atRecipient(dialogue.context(transaction.settings), {
    sender: transaction.from,
    recipient: address.value,
    earlier: transaction.count,
  });
  if (verdict.outcome !== 'accept') return refuse(dialogue, 'recipient', verdict);
  const { because } = verdict;
  transaction.add({ address: address.value, parameters: parameters.value, ...(because && { because }) });
  return say(recipientOk250(logSafe(`<${address.value.text}>`)));
}

function refuse(dialogue: Dialogue, stage: string, verdict: Exclude<Verdict, { outcome: 'accept' }>): Answer {
  dialogue.refused(verdict, stage);
  return say(verdict.reply);
}

/** What no rule decides, and the log tells all the same. */
function limited(dialogue: Dialogue, answer: Reply, why: Parameters<Dialogue['refusal']>[2]): Answer {
  dialogue.refusal('mail', answer, why);
  return say(answer);
}

function readMail(argument: string, settings: Settings): Checked<MailCommand> {
  const from = /^FROM:(.*)$/is.exec(argument)?.[1];
  if (from === undefined) return { refusal: syntaxError501('write MAIL FROM:<user@acme.example>') };
  const split = splitArguments(from);
  if ('refusal' in split) return split;
  const parameters = mailParameters(split.value.parameters, settings.configuration.inboundCommands);
  if ('refusal' in parameters) return parameters;
  const path = parsePath(split.value.path, { smtpUtf8: true });
  if (!path.ok) return { refusal: senderSyntax501(logSafe(path.problem)) };
  if (!parameters.value.smtpUtf8 && !isAscii(split.value.path)) return { refusal: needsSmtpUtf8553 };
  return { value: { from: path.value, parameters: parameters.value } };
}

function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text) || /^\p{ASCII}*$/u.test(text);
}
