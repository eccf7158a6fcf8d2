/** The runtime's own clients of the embedded services; components make theirs from their environment. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { Clients } from './provision.ts';
import type { ServiceEndpoints } from './services/services.ts';
import { account, region } from './template.ts';

export function serviceClients(endpoints: ServiceEndpoints): Clients & { destroy(): void } {
  const common = { region, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
  const dynamodb = new DynamoDBClient({ ...common, endpoint: endpoints.dynamodb });
  const sqs = new SQSClient({ ...common, endpoint: endpoints.sqs, useQueueUrlAsEndpoint: false });
  const s3 = new S3Client({ ...common, endpoint: endpoints.s3, forcePathStyle: true });
  return {
    dynamodb,
    sqs,
    s3,
    destroy() {
      for (const client of [dynamodb, sqs, s3]) client.destroy();
    },
  };
}

/** An address that any SQS client reaches as it stands. */
export const queueUrlAt =
  (sqs: string) =>
  (name: string): string =>
    `${sqs.replace(/\/$/, '')}/${account}/${name}`;
