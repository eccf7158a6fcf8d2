/**
 * What mail rules decided in the listener (documents.md, rules), carried out: who still gets a copy, who gets one
 * besides, or that nobody does. `refuse` and `tag` acted in the listener; the rest travels in the envelope.
 */
import type { Entry } from '../directory/directory.ts';
import type { Envelope, RuleOutcome } from '../envelope/envelope.ts';
import { placed } from './entries.ts';
import { entryNamed } from './expand.ts';
import { because, copyOf, failed, type Copy, type Leaf } from './leaf.ts';
import type { RouterContext } from './route.ts';

export const ruleRejection = 'Message rejected for policy reasons';

/** The rule that holds the message before routing, if any. */
export function holdingRule(envelope: Envelope): RuleOutcome | undefined {
  return envelope.rules?.find((outcome) => outcome.action === 'hold');
}

/** A message's priority: what a rule set, else what its header says. */
export function priorityOf(envelope: Envelope): 'high' | 'normal' | 'low' {
  return priorityRule(envelope)?.value ?? envelope.header.priority ?? 'normal';
}

/** The last rule that set it. */
export function priorityRule({ rules = [] }: Envelope): PriorityRule | undefined {
  return rules.findLast((outcome): outcome is PriorityRule => outcome.action === 'priority');
}

type PriorityRule = Extract<RuleOutcome, { action: 'priority' }>;

/** Leaves that replace routing (drop, return, move); undefined: route as usual. */
export async function leavesInstead(context: RouterContext): Promise<Leaf[] | undefined> {
  const { envelope } = context;
  for (const outcome of envelope.rules ?? []) {
    if (outcome.action === 'drop')
      return copiesOf(envelope, outcome).map((copy) => ({ ...copy, way: 'deleted' }));
    if (outcome.action === 'return')
      return copiesOf(envelope, outcome).map((copy) => failed(copy, 'restriction', ruleRejection));
    if (keepsCopy(outcome) && outcome.action === 'move') return inDatabase(outcome, context);
  }
  return undefined;
}

/** Leaves besides those of routing: a copy for each journal. */
export async function leavesBesides(context: RouterContext): Promise<Leaf[]> {
  const journals = (context.envelope.rules ?? [])
    .filter(keepsCopy)
    .filter(({ action }) => action === 'journal');
  const leaves = await Promise.all(journals.map((outcome) => inDatabase(outcome, context)));
  return leaves.flat();
}

type Filing = Extract<RuleOutcome, { database: string }>;

function keepsCopy(outcome: RuleOutcome): outcome is Filing {
  return outcome.action === 'journal' || outcome.action === 'move';
}

function copiesOf({ recipients }: Envelope, { document, rule }: RuleOutcome): Copy[] {
  return recipients.map((original) => copyOf(original, because(document, 'rules', rule)));
}

/** The database was checked when the rule was published; gone since, the message must not be lost: it is held. */
async function inDatabase(outcome: Filing, context: RouterContext): Promise<Leaf[]> {
  const entry = await entryNamed(outcome.database, context.directory);
  const { action, rule } = outcome;
  const copies = copiesOf(context.envelope, outcome).slice(0, action === 'journal' ? 1 : undefined);
  // A journal copy is nobody's business but the administrator's.
  const quiet = action === 'journal' ? { notify: 'NEVER' } : {};
  return copies.map((copy) => {
    const filed =
      entry?.form === 'MailInDatabase' ? filedIn(entry, { ...copy, ...quiet }, context) : undefined;
    return filed ?? { ...copy, way: 'held', reason: `rule ${rule}` };
  });
}

type Database = Extract<Entry, { form: 'MailInDatabase' }>;

/** Here, under the recipient's own address; on another server, under the database's. Undefined: no way leads there. */
function filedIn(entry: Database, copy: Copy, context: RouterContext): Leaf | undefined {
  const { internetAddress } = entry.document;
  const leaf = placed(copy, entry, context);
  if (leaf.way === 'mailbox') return { ...leaf, because: copy.because };
  if (leaf.way !== 'hop' || internetAddress === undefined) return undefined;
  return { ...leaf, address: internetAddress, because: copy.because };
}
