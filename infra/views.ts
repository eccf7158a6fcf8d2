/** What documents say once they are valid: look-up entries and the pointer to the current settings. */
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { allow, give, type Component } from './component.ts';
import { keptTable } from './kept-table.ts';

export class Views extends Construct {
  readonly table: Table;

  constructor(scope: Construct, stackName: string) {
    super(scope, 'Views');
    this.table = keptTable(this, {
      name: `${stackName}-views`,
      partitionKey: 'key',
      sortKey: 'sort',
      timeToLiveAttribute: 'expiresAt',
    });
  }

  grantRead(component: Component): void {
    give(component, 'viewsTable', this.table.tableName);
    allow(component, { actions: ['dynamodb:GetItem', 'dynamodb:Query'], resources: [this.table.tableArn] });
  }

  /** Look-up entries come and go with their documents, several in one transaction. */
  grantPublish(component: Component): void {
    this.grantRead(component);
    allow(component, {
      actions: [
        'dynamodb:BatchGetItem',
        'dynamodb:ConditionCheckItem',
        'dynamodb:DeleteItem',
        'dynamodb:PutItem',
        'dynamodb:UpdateItem',
      ],
      resources: [this.table.tableArn],
    });
  }
}
