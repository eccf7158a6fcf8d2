/**
 * DATA: takes the message in, judges it at its real end, and has it kept. Order at the end: what the octets
 * themselves forbid, hops, policy, acceptance. Whatever happens, nothing stays in staging.
 */
import type { RefusalReason } from '../aws/metric-names.ts';
import { splitHeader } from '../mail/envelope/header.ts';
import {
  accepted250,
  bareControl550,
  headerTooLarge552,
  startInput354,
  storageFull452,
  tooLarge552,
  tooManyParts554,
} from '../mail/reply/message-replies.ts';
import { reply, type Reply } from '../mail/reply/reply.ts';
import { badSequence503, syntaxError501 } from '../mail/reply/session-replies.ts';
import { logSafe } from '../mail/address/address.ts';
import { say, type Answer } from './answer.ts';
import { envelopeOf } from './arrival.ts';
import type { Dialogue } from './dialogue.ts';
import { maximumSize, sizeRuling } from '../mail/policy/sizes.ts';
import type { Because } from '../mail/policy/verdict.ts';
import { makeId } from './house.ts';
import { scanFor, type Author } from './sender-authentication.ts';
import { NoRoom, Staging, type StagedBody, type Trouble } from './staging.ts';
import type { Transaction } from './transaction.ts';

const noRecipients554: Reply = reply(554, '5.1', 'No valid recipients');

/** Octets of a refused message that are read to find its end; a sender that goes on and on is cut off. */
const mostDiscarded = 256 * 1024 * 1024;

interface Refusal {
  readonly reply: Reply;
  readonly reason: RefusalReason;
  /** None: the limit is ours. */
  readonly because?: Because | undefined;
}

const troubles: Readonly<Record<Trouble, Refusal>> = {
  'too-large': { reply: tooLarge552, reason: 'size' },
  'header-too-large': { reply: headerTooLarge552, reason: 'size' },
  'too-many-parts': { reply: tooManyParts554, reason: 'size' },
  'no-room': { reply: storageFull452, reason: 'storage' },
};

export interface Arriving {
  readonly dialogue: Dialogue;
  readonly transaction: Transaction;
  readonly id: string;
}

export function data(dialogue: Dialogue, argument: string): Answer {
  const { transaction, house } = dialogue;
  if (argument !== '') return say(syntaxError501('DATA takes no argument'));
  if (transaction === undefined) return say(badSequence503);
  if (transaction.recipients.length === 0) return say(noRecipients554);
  const id = makeId(new Date());
  const arriving = { dialogue, transaction, id };
  const { room, stagingDir: directory } = house.doors;
  const staging = new Staging({
    directory,
    id,
    limit: maximumSize(transaction.settings) ?? Infinity,
    room,
    scan: (header) =>
      scanFor(dialogue.context(transaction.settings), authorOf(arriving), splitHeader(header)),
  });
  transaction.staging = staging;
  return {
    reply: startInput354,
    data: {
      write: (octets) => staging.write(octets),
      end: (unclean) => conclude(arriving, staging, unclean),
      hopeless: () => (staging.discarded > mostDiscarded ? giveUp(arriving, staging) : undefined),
    },
  };
}

function giveUp(arriving: Arriving, staging: Staging): Reply | undefined {
  const forbidden = forbiddenBy(arriving, staging, false);
  return forbidden && tell(arriving, forbidden);
}

function tell({ dialogue }: Arriving, { reply: answer, reason, because }: Refusal): Reply {
  dialogue.refusal('data', answer, { reason, ...(because && { because }) });
  return answer;
}

/** The reply to the end of the data; the transaction is over whatever it is. */
async function conclude(arriving: Arriving, staging: Staging, unclean: boolean): Promise<Answer> {
  const { dialogue } = arriving;
  // From here on the message is ours to keep or discard, also when the peer goes away.
  arriving.transaction.staging = undefined;
  try {
    const forbidden = forbiddenBy(arriving, staging, unclean);
    if (forbidden !== undefined) return say(tell(arriving, forbidden));
    return say(await takeIn(arriving, await staging.finish()));
  } catch (cause) {
    if (cause instanceof NoRoom) return say(tell(arriving, troubles['no-room']));
    return say(dialogue.unexpected(cause));
  } finally {
    await staging.discard().catch((cause: unknown) => dialogue.house.doors.room.trouble(cause));
    dialogue.transaction = undefined;
  }
}

function forbiddenBy({ transaction }: Arriving, staging: Staging, unclean: boolean): Refusal | undefined {
  const { trouble } = staging;
  if (unclean) return { reply: bareControl550, reason: 'protocol' };
  if (trouble !== 'too-large') return trouble && troubles[trouble];
  return { ...troubles[trouble], because: sizeRuling(transaction.settings, staging.size).because };
}

function authorOf({ dialogue, transaction }: Arriving): Author {
  return { helo: dialogue.hello?.name ?? '', from: transaction.from };
}

async function takeIn(arriving: Arriving, body: StagedBody): Promise<Reply> {
  const { dialogue, transaction, id } = arriving;
  const { settings } = transaction;
  const header = splitHeader(body.header);
  const judged = await dialogue.house.doors.judgeMessage(dialogue.context(settings), {
    id,
    header,
    body,
    ...authorOf(arriving),
    recipients: transaction.recipients,
    connection: dialogue.connection,
  });
  if (judged.verdict.outcome !== 'accept') {
    dialogue.refused(judged.verdict, 'data');
    return judged.verdict.reply;
  }
  const envelope = await envelopeOf(arriving, { header, body, findings: judged.findings });
  const { acceptance, uploads, log } = dialogue.house.doors;
  const keep = (): Promise<void> => acceptance.accept(envelope, body.body());
  await (body.onDisk ? uploads.through(keep) : keep());
  const { recipients, size } = envelope;
  log.accepted({
    message: id,
    session: dialogue.id,
    from: logSafe(transaction.from),
    recipients: recipients.length,
    size,
  });
  // Promise 1: the body is in S3 and the work in SQS; from here on the message is ours.
  return accepted250(id);
}
