/**
 * MTA-STS policies in the spool table, beside the next hop that they speak for (`hop#direct#<domain>` · `sts`), so that
 * a new worker knows what an earlier one was promised. They end by TTL; readers compare the time themselves.
 */
import { GetItemCommand, PutItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { KeptPolicy, PolicyStore } from '../mail/relay/doors.ts';
import { fromItem, toItem } from './items.ts';

export interface PolicyStoreOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
}

export function awsPolicyStore({ client, table }: PolicyStoreOptions): PolicyStore {
  return {
    async read(domain) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, Key: toItem(keyOf(domain)) }),
      );
      return Item === undefined ? undefined : fromItem<KeptPolicy>(Item);
    },
    async write(domain, kept) {
      const expiresAt = Math.ceil(Date.parse(kept.until) / 1000);
      const Item = toItem({ ...keyOf(domain), ...kept, expiresAt });
      await client.send(new PutItemCommand({ TableName: table, Item }));
    },
  };
}

function keyOf(domain: string): { message: string; part: string } {
  return { message: `hop#direct#${domain}`, part: 'sts' };
}
