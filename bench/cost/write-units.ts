/**
 * What a request writes to DynamoDB, in write units: 1 KB of an item each, twice in a transaction, and one for each entry
 * of an index that comes or goes. Read from the request, so what an update finds is not known: the items that we update
 * (deliveries, accounts of mail files, record m) are below 1 KB in the usual case.
 */
import { itemSize } from '../../aws/item-size.ts';
import type { Item } from '../../aws/items.ts';

interface Put {
  readonly Item: Item;
}
interface Update {
  readonly Key: Item;
  readonly UpdateExpression?: string;
}
type Action = { readonly Put?: Put; readonly Update?: Update };
type Batch = Readonly<Record<string, readonly { readonly PutRequest?: Put }[]>>;

export function writeUnits(operation: string, body: string): number {
  const input = JSON.parse(body) as Put & Update & { TransactItems: readonly Action[]; RequestItems: Batch };
  switch (operation) {
    case 'DynamoDB.PutItem':
      return unitsOf(input.Item) + indexOfPut(input.Item);
    case 'DynamoDB.UpdateItem':
      return 1 + indexOfUpdate(input);
    case 'DynamoDB.DeleteItem':
      return 1;
    case 'DynamoDB.TransactWriteItems':
      return sum(input.TransactItems.map(inTransaction));
    case 'DynamoDB.BatchWriteItem':
      return sum(
        Object.values(input.RequestItems)
          .flat()
          .map(({ PutRequest }) => (PutRequest === undefined ? 1 : unitsOf(PutRequest.Item))),
      );
    default:
      return 0;
  }
}

function inTransaction({ Put, Update }: Action): number {
  if (Put !== undefined) return 2 * unitsOf(Put.Item) + indexOfPut(Put.Item);
  return 2 + (Update === undefined ? 0 : indexOfUpdate(Update));
}

function unitsOf(item: Item): number {
  return Math.ceil(itemSize(item) / 1024);
}

/** A delivery enters index `due` with its plan, leaves it when it ends, moves where it goes on waiting. */
function indexOfPut(item: Item): number {
  if (!/^[dr]#/.test(item['part']?.S ?? '')) return item['wake'] === undefined ? 0 : 1;
  return item['wake'] !== undefined && Number(item['version']?.N ?? 1) > 1 ? 2 : 1;
}

function indexOfUpdate({ UpdateExpression = '' }: Update): number {
  if (/\bwakeAt = /.test(UpdateExpression)) return 2;
  return /REMOVE .*\bwakeAt\b/.test(UpdateExpression) ? 1 : 0;
}

function sum(units: readonly number[]): number {
  return units.reduce((total, one) => total + one, 0);
}
