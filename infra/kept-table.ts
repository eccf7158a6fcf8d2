/**
 * A table that holds documents or mail: encrypted, restorable to any second of the last 35 days, and not
 * deleted with the stack or by an update of it.
 */
import { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  BillingMode,
  Table,
  TableEncryption,
  type StreamViewType,
} from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';

export interface KeptTable {
  readonly name: string;
  readonly partitionKey: string;
  readonly sortKey: string;
  readonly timeToLiveAttribute?: string;
  readonly stream?: StreamViewType;
}

export const textAttribute = (name: string) => ({ name, type: AttributeType.STRING });

export function keptTable(scope: Construct, { name, partitionKey, sortKey, ...options }: KeptTable): Table {
  return new Table(scope, 'Table', {
    tableName: name,
    partitionKey: textAttribute(partitionKey),
    sortKey: textAttribute(sortKey),
    billingMode: BillingMode.PAY_PER_REQUEST,
    encryption: TableEncryption.AWS_MANAGED,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    removalPolicy: RemovalPolicy.RETAIN,
    deletionProtection: true,
    ...options,
  });
}
