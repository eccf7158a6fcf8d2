/** Where a deployed stack lives: account and region, read from the ARN of a table whose name is known. */
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { dynamodb } from './clients.ts';

export async function accountOf(table: string): Promise<{ account: string; region: string }> {
  const { Table } = await dynamodb().send(new DescribeTableCommand({ TableName: table }));
  const [, , , region, account] = (Table?.TableArn ?? '').split(':');
  if (region === undefined || account === undefined)
    throw new Error(`Table ${table} has no ARN to read the account from.`);
  return { account, region };
}
