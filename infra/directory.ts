/** The documents people edit. Its stream names each changed document; publish-directory validates and publishes. */
import { StreamViewType, type Table } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { allow, give, type Component } from './component.ts';
import { keptTable } from './kept-table.ts';

export class Directory extends Construct {
  readonly table: Table;

  constructor(scope: Construct, stackName: string) {
    super(scope, 'Directory');
    this.table = keptTable(this, {
      name: `${stackName}-directory`,
      partitionKey: 'form',
      sortKey: 'name',
      stream: StreamViewType.KEYS_ONLY,
    });
  }

  get streamArn(): string {
    return this.table.tableStreamArn ?? '';
  }

  /** Reading documents, and writing back what became of each: state, problems, the time it was published. */
  grantPublish(component: Component): void {
    give(component, 'directoryTable', this.table.tableName);
    allow(component, {
      actions: ['dynamodb:BatchGetItem', 'dynamodb:Scan', 'dynamodb:UpdateItem'],
      resources: [this.table.tableArn],
    });
    allow(component, {
      actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
      resources: [this.streamArn],
    });
    allow(component, { actions: ['dynamodb:ListStreams'], resources: [`${this.table.tableArn}/stream/*`] });
  }
}
