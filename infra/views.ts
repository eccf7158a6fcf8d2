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

  /** The pointer to the settings, and entries by their key. */
  grantSettings(component: Component): void {
    give(component, 'viewsTable', this.table.tableName);
    allow(component, { actions: ['dynamodb:GetItem'], resources: [this.table.tableArn] });
  }

  /** Whom a name means, several documents perhaps. */
  grantNames(component: Component): void {
    this.grantSettings(component);
    allow(component, { actions: ['dynamodb:Query'], resources: [this.table.tableArn] });
  }

  /** Whom an address means: the entries of several documents may stand under one key. */
  grantLookUps(component: Component): void {
    this.grantSettings(component);
    allow(component, {
      actions: ['dynamodb:BatchGetItem', 'dynamodb:Query'],
      resources: [this.table.tableArn],
    });
  }

  /** Look-up entries come and go with their documents, several in one transaction; the full pass reads them all. */
  grantPublish(component: Component): void {
    this.grantLookUps(component);
    allow(component, {
      actions: ['dynamodb:DeleteItem', 'dynamodb:PutItem', 'dynamodb:Scan'],
      resources: [this.table.tableArn],
    });
  }
}
