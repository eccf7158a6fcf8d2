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
import { tagsOf, type Tag } from '../mail/policy/list-hit.ts';
import { rulesNeedContent, runRules } from '../mail/policy/mail-rules.ts';
import type { MessageContent } from '../mail/policy/rule-items.ts';
import { judgeAuthentication } from '../mail/policy/sender-authentication.ts';
import { atData, type Connection } from '../mail/policy/stages.ts';
import type { Verdict } from '../mail/policy/verdict.ts';
import { tooManyParts554 } from '../mail/reply/message-replies.ts';
import { contentOf } from './message-content.ts';
import { lookUpFindings } from './sender-authentication.ts';
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

/** Envelope and header, then sender authentication, then mail rules; the first that does not accept has the word. */
export const judgeMessage: JudgeMessage = async (context, facts) => {
  const { header, body, connection } = facts;
  const hits = connection?.hits ?? [];
  const first = await atData(context, { size: body.size, header, hops: hopCount(header) });
  if (first.outcome !== 'accept') return judged(first);
  const findings = await lookUpFindings(context, facts);
  const authenticated = findings && (await judgeAuthentication(context, findings));
  if (authenticated && authenticated.verdict.outcome !== 'accept') return judged(authenticated.verdict);
  const content = rulesNeedContent(context.settings) ? await contentOf(body) : none;
  if (content === undefined) return judged(tooManyParts);
  const rules = runRules(context.settings, {
    sender: facts.from,
    recipients: facts.recipients.map(({ address }) => address),
    header,
    size: body.size,
    hits,
    content,
  });
  const edits = [...(authenticated?.edits ?? []), ...tagsOf(hits).map(tagEdit), ...rules.edits];
  const { trust } = authenticated ?? {};
  const outcomes = rules.outcomes.length > 0 && { rules: rules.outcomes };
  return judged(rules.verdict, { edits, ...outcomes, ...(trust && { trust }) });
};

const none: MessageContent = { text: '', attachments: [] };

/** What rules about the body cannot look into does not pass them. */
const tooManyParts: Verdict = {
  outcome: 'refuse',
  reply: tooManyParts554,
  steps: [{ rule: 'message content', outcome: 'refuse' }],
};

function judged(verdict: Verdict, findings: Findings = { edits: [] }): Judged {
  return { verdict, findings };
}

function tagEdit({ header, value }: Tag): HeaderEdit {
  return { op: 'prepend', field: foldField(header, [value]) };
}
