/**
 * The spool's records: what every accepted message still owes. Index `due` is where the sweeper finds what
 * stands waiting, `hop` where a worker finds what goes to one next hop. No index on state: throttling it would
 * fail the settle.
 */
import { ProjectionType, type Table } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { allow, give, type Component } from './component.ts';
import { keptTable, textAttribute } from './kept-table.ts';

/** A worker asks its hop for what is due, and should not have to claim what is not. */
const indexes = {
  due: { partitionKey: textAttribute('wake'), projectionType: ProjectionType.KEYS_ONLY },
  hop: {
    partitionKey: textAttribute('hopKey'),
    projectionType: ProjectionType.INCLUDE,
    nonKeyAttributes: ['dueAt'],
  },
};

export class Spool extends Construct {
  readonly table: Table;

  constructor(scope: Construct, stackName: string) {
    super(scope, 'Spool');
    this.table = keptTable(this, {
      name: `${stackName}-spool`,
      partitionKey: 'message',
      sortKey: 'part',
      timeToLiveAttribute: 'expiresAt',
    });
    for (const [indexName, index] of Object.entries(indexes))
      this.table.addGlobalSecondaryIndex({ indexName, sortKey: textAttribute('wakeAt'), ...index });
  }

  /** The listener counts failed logins under `lock#…` and can write nothing else here. */
  grantLocks(component: Component): void {
    this.grant(component, ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['lock#*'] },
    });
  }

  /** Decided once, in one transaction; what waited as `d#0000` goes with it. Traces are written in batches. */
  grantPlan(component: Component): void {
    this.grantSettle(component);
    this.grant(component, ['dynamodb:BatchWriteItem', 'dynamodb:DeleteItem', 'dynamodb:Query']);
  }

  /** Claiming is an update, settling a put: both on condition. */
  grantSettle(component: Component): void {
    this.grant(component, ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem']);
  }

  /** Settling, and the next hop's slots, closures and waiting deliveries. */
  grantHops(component: Component): void {
    this.grantSettle(component);
    this.grant(component, ['dynamodb:DeleteItem']);
    this.grantIndex(component, 'hop');
  }

  /** What is due by its index; of what is kept, all records of the message; the day's counts of TLS. */
  grantSweep(component: Component): void {
    this.grantSettle(component);
    this.grant(component, ['dynamodb:Query']);
    this.grantIndex(component, 'due', ['dynamodb:Query', 'dynamodb:Scan']);
  }

  grantReport(component: Component): void {
    this.grantSettle(component);
    this.grant(component, ['dynamodb:Query']);
  }

  /** Counts of TLS go when they were reported: what stands under `tls#…`, and nothing else. */
  grantTlsCounts(component: Component): void {
    this.grant(component, ['dynamodb:DeleteItem'], {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['tls#*'] },
    });
  }

  private grant(
    component: Component,
    actions: string[],
    conditions?: Record<string, Record<string, unknown>>,
  ): void {
    give(component, 'spoolTable', this.table.tableName);
    allow(component, { actions, resources: [this.table.tableArn], ...(conditions && { conditions }) });
  }

  private grantIndex(component: Component, index: keyof typeof indexes, actions = ['dynamodb:Query']): void {
    allow(component, { actions, resources: [`${this.table.tableArn}/index/${index}`] });
  }
}
