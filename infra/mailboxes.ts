/** Rows of mail files: one per message, with folder, uid and flags; the bytes are in the mail bucket. */
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { allow, give, type Component } from './component.ts';
import { keptTable } from './kept-table.ts';

export class Mailboxes extends Construct {
  readonly table: Table;

  constructor(scope: Construct, stackName: string) {
    super(scope, 'Mailboxes');
    this.table = keptTable(this, { name: `${stackName}-mailboxes`, partitionKey: 'mailFile', sortKey: 'id' });
  }

  grantDeposit(component: Component): void {
    give(component, 'mailboxesTable', this.table.tableName);
    allow(component, {
      actions: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
      resources: [this.table.tableArn],
    });
  }
}
