/**
 * A gateway on one machine as a deployed stack to the command: its services play AWS, found by the environment, and
 * nothing is told of its data folder.
 */
import { postern, type Postern } from '../cli/command.ts';
import type { SharedGateway } from './gateway.ts';

/** By this name the command finds it: `--stack postern`. */
export const stack = ['--stack', 'postern'] as const;

export function posternOnStack(
  { endpoints }: SharedGateway,
  variables: Readonly<Record<string, string>> = {},
): Postern {
  const { dynamodb, sqs, s3 } = endpoints;
  return postern('no-such-folder', {
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    AWS_ENDPOINT_URL_SQS: sqs,
    AWS_ENDPOINT_URL_S3: s3,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'secret',
    ...variables,
  });
}
