/**
 * The seam between the dialogue and the rules of mail/policy at the end of DATA: the verdict, and what a message that
 * passed takes along. The other stages are conductors of mail/policy/stages.ts and called as they are.
 */
import type { ReversePath } from '../mail/address/address.ts';
import { hopCount } from '../mail/envelope/arrival-edits.ts';
import type { Envelope } from '../mail/envelope/envelope.ts';
import { foldField } from '../mail/envelope/field-text.ts';
import type { HeaderBlock } from '../mail/envelope/header.ts';
import type { HeaderEdit } from '../mail/envelope/header-edits.ts';
import type { PolicyContext } from '../mail/policy/context.ts';
import { tagsOf } from '../mail/policy/list-hit.ts';
import { atData, type Connection } from '../mail/policy/stages.ts';
import type { Verdict } from '../mail/policy/verdict.ts';
import type { Recipient } from './transaction.ts';
import type { StagedBody } from './staging.ts';

export interface MessageFacts {
  readonly id: string;
  readonly helo: string;
  readonly from: ReversePath;
  readonly recipients: readonly Recipient[];
  readonly connection: Connection | undefined;
  readonly header: HeaderBlock;
  readonly body: StagedBody;
}

/** What a message that passed takes along. */
export interface Findings {
  readonly edits: readonly HeaderEdit[];
  readonly rules?: Envelope['rules'];
  readonly trust?: Envelope['trust'];
}

export interface Judged {
  readonly verdict: Verdict;
  readonly findings: Findings;
}

export type JudgeMessage = (context: PolicyContext, facts: MessageFacts) => Promise<Judged>;

export const judgeMessage: JudgeMessage = async (context, { header, body, connection }) => {
  const verdict = await atData(context, { size: body.size, header, hops: hopCount(header) });
  const tags = tagsOf(connection?.hits ?? []);
  const edits = tags.map((tag): HeaderEdit => ({ op: 'prepend', field: foldField(tag.header, [tag.value]) }));
  return { verdict, findings: { edits } };
};
