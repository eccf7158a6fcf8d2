/** A message's way on one machine: from the 250 to the row in the mailbox, the gateway idle otherwise. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { setTimeout as pause } from 'node:timers/promises';
import { withGateway, submit } from './local-gateway.ts';
import { messageOf } from './message.ts';
import { median, type Judged } from './targets.ts';

const limit = 300;
const messages = 15;
const patience = 20_000;

export async function way(): Promise<Judged[]> {
  const took = await withGateway([], async ({ port, endpoints }) => {
    const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' };
    const client = new DynamoDBClient({ region: 'us-east-1', endpoint: endpoints.dynamodb, credentials });
    const each: number[] = [];
    for (let n = 0; n < messages; n++) {
      const before = await rows(client, endpoints.tables.mailboxes);
      await submit(port, ['alice@acme.example'], messageOf(2048));
      const started = performance.now();
      while ((await rows(client, endpoints.tables.mailboxes)) === before) {
        if (performance.now() - started > patience) throw new Error('A message did not arrive.');
        await pause(5);
      }
      each.push(performance.now() - started);
      await pause(300);
    }
    client.destroy();
    return each;
  });
  const milliseconds = median(took);
  appendFileSync(
    join(import.meta.dirname, 'results', 'way.jsonl'),
    `${JSON.stringify({ what: 'way', took })}\n`,
  );
  return [
    {
      what: '250 to mailbox, one machine',
      target: `≤ ${limit} ms`,
      found: `${milliseconds.toFixed(0)} ms`,
      met: milliseconds <= limit,
    },
  ];
}

async function rows(client: DynamoDBClient, TableName: string): Promise<number> {
  const query = new QueryCommand({
    TableName,
    KeyConditionExpression: 'mailFile = :file',
    ExpressionAttributeValues: { ':file': { S: 'mail/alice' } },
    Select: 'COUNT',
    ConsistentRead: true,
  });
  return (await client.send(query)).Count ?? 0;
}
