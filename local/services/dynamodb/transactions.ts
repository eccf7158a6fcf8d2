/**
 * TransactWriteItems and TransactGetItems. The items' locks are held together; every operation runs over one
 * draft, which is committed in one batch or dropped: no reader and no crash ever sees half a transaction.
 * A repeated client token within ten minutes is answered without writing again, as the SDK's retries need.
 */
import { ServiceError, textOf } from '../aws-json.ts';
import type { Input, Operations } from '../aws-json.ts';
import { Draft } from './draft.ts';
import { checked, database, keyOf, perform, tableNamed } from './dynalite.ts';
import type { Checked, Item, Table } from './dynalite.ts';
import { attempt, isConditionFailure, lockName, wantsOldItem } from './writes.ts';
import type { Room, WriteAction } from './writes.ts';

const mostItems = 100;
const mostBytes = 4 * 1024 * 1024;
const tokenLife = 10 * 60 * 1000;

const actions = {
  Put: 'putItem',
  Update: 'updateItem',
  Delete: 'deleteItem',
  ConditionCheck: 'deleteItem',
} as const;
type Kind = keyof typeof actions;

interface Step {
  readonly kind: Kind;
  readonly action: WriteAction;
  readonly data: Checked;
  readonly wantsOld: boolean;
  readonly table: Table;
  readonly key: string;
}

interface Reason {
  readonly Code: 'None' | 'ConditionalCheckFailed' | 'ValidationError';
  readonly Message?: string;
  readonly Item?: Item;
}

export function transactionOperations(room: Room): Operations {
  const tokens = new Tokens();
  return {
    'DynamoDB_20120810.TransactWriteItems': async (input) => {
      const token = textOf(input['ClientRequestToken']);
      if (token !== '' && tokens.known(token)) return {};
      await writeAll(room, itemsOf(input));
      if (token !== '') tokens.remember(token);
      return {};
    },
    'DynamoDB_20120810.TransactGetItems': (input) => readAll(room, itemsOf(input)),
  };
}

function itemsOf({ TransactItems: items }: Input): Record<string, Input>[] {
  if (!Array.isArray(items) || items.length === 0 || items.length > mostItems)
    throw database.validationError(`A transaction has between 1 and ${mostItems} items.`);
  return items as Record<string, Input>[];
}

async function writeAll(room: Room, items: readonly Record<string, Input>[]): Promise<void> {
  const steps: Step[] = [];
  for (const item of items) steps.push(await stepOf(room, item));
  await room.locks.hold(distinctNames(steps), async () => {
    const draft = new Draft(room.store);
    const reasons: Reason[] = [];
    for (const step of steps) reasons.push(await take(draft, step));
    if (reasons.some((reason) => reason.Code !== 'None')) throw canceled(reasons);
    refuseTooLarge(draft);
    await room.commits.commit(draft);
  });
}

async function stepOf(room: Room, item: Record<string, Input>): Promise<Step> {
  const [kind, input] = Object.entries(item)[0] ?? [];
  if (!kind || !input || !Object.hasOwn(actions, kind))
    throw database.validationError('A transaction item is one of Put, Update, Delete and ConditionCheck.');
  const action = actions[kind as Kind];
  const data = checked(action, input, room.store);
  const table = await tableNamed(room.store, data.TableName);
  return { kind: kind as Kind, action, data, wantsOld: wantsOldItem(input), table, key: keyOf(table, data) };
}

function distinctNames(steps: readonly { table: Table; key: string }[]): string[] {
  const names = steps.map(({ table, key }) => lockName(table.TableName, key));
  if (new Set(names).size === names.length) return names;
  throw database.validationError('Transaction request cannot include multiple operations on one item');
}

async function take(draft: Draft, step: Step): Promise<Reason> {
  const found = await draft.item(step.table, step.key);
  try {
    await apply(draft, step, found);
    return { Code: 'None' };
  } catch (error) {
    if (!(error instanceof Error) || !('body' in error)) throw error;
    if (!isConditionFailure(error)) return { Code: 'ValidationError', Message: error.message };
    const item = step.wantsOld && found ? { Item: found } : {};
    return { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed', ...item };
  }
}

async function apply(
  draft: Draft,
  { kind, action, data, table, key }: Step,
  found: Item | undefined,
): Promise<void> {
  if (kind !== 'ConditionCheck') {
    await attempt(draft.view(table, key), action, data);
    return;
  }
  const failure = database.checkConditional(data, found);
  if (failure) throw failure;
}

function canceled(reasons: readonly Reason[]): ServiceError {
  const codes = reasons.map((reason) => reason.Code).join(', ');
  return new ServiceError(
    'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { CancellationReasons: reasons },
  );
}

function refuseTooLarge(draft: Draft): void {
  const bytes = draft.changes().reduce((sum, { after }) => sum + (after ? database.itemSize(after) : 0), 0);
  if (bytes > mostBytes)
    throw database.validationError('Aggregated size of items in a transaction cannot exceed 4194304 bytes');
}

async function readAll(room: Room, items: readonly Record<string, Input>[]): Promise<object> {
  const reads: { data: Checked; table: Table; key: string }[] = [];
  for (const { Get: input } of items) {
    const data = checked('getItem', { ...input, ConsistentRead: true }, room.store);
    const table = await tableNamed(room.store, data.TableName);
    reads.push({ data, table, key: keyOf(table, data) });
  }
  const read = ({ data }: { data: Checked }): Promise<object> => perform('getItem', room.store, data);
  return { Responses: await room.locks.hold(distinctNames(reads), () => Promise.all(reads.map(read))) };
}

class Tokens {
  readonly #until = new Map<string, number>();

  known(token: string): boolean {
    return (this.#until.get(token) ?? 0) > Date.now();
  }

  remember(token: string): void {
    for (const [old, until] of this.#until) {
      if (until > Date.now()) break;
      this.#until.delete(old);
    }
    this.#until.set(token, Date.now() + tokenLife);
  }
}
