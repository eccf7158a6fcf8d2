/**
 * The gateway that a command works on: a local run (`endpoints.json` in `$POSTERN_DATA`, else `.postern/`) or a deployed
 * stack (`--stack NAME`, AWS credentials and region from the environment).
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dynamodb, s3 } from '../aws/clients.ts';
import { keptMessages } from '../aws/kept-messages.ts';
import { accountOf } from '../aws/stack-account.ts';
import { Failure } from './failure.ts';

export interface Gateway {
  readonly tables: Readonly<Record<'directory' | 'views' | 'spool' | 'mailboxes', string>>;
  readonly queues: Readonly<Record<'route' | 'deliver' | 'relay' | 'direct' | 'report', string>>;
  readonly bucket: string;
  /** The data folder of a local run. */
  readonly data?: string;
  readonly stack: string;
  /** Hierarchical name of the server that a local run is. */
  readonly server?: string;
  readonly keepMessage: (id: string) => Promise<void>;
  readonly restoreMessage: (id: string) => Promise<void>;
}

export async function openGateway(stack: string | undefined): Promise<Gateway> {
  return stack === undefined ? localGateway(dataFolder()) : deployedGateway(stack);
}

export function dataFolder(): string {
  return process.env['POSTERN_DATA'] || '.postern';
}

type Endpoints = Pick<Gateway, 'tables' | 'queues' | 'bucket' | 'server'> &
  Record<'dynamodb' | 'sqs' | 's3', string> & { readonly tuning?: Readonly<Record<string, string>> };

function localGateway(data: string): Gateway {
  const file = join(data, 'endpoints.json');
  if (!existsSync(file))
    throw new Failure(
      `No gateway is running on ${data}: ${file} is not there. Start one with "npm start", or name a deployed stack with --stack NAME.`,
    );
  const found = JSON.parse(readFileSync(file, 'utf8')) as Endpoints;
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_DYNAMODB: found.dynamodb,
    AWS_ENDPOINT_URL_SQS: found.sqs,
    AWS_ENDPOINT_URL_S3: found.s3,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
  // Name servers and ports of the run, so that explanations come true; the command's own environment wins.
  for (const [name, value] of Object.entries(found.tuning ?? {})) process.env[name] ??= value;
  const { tables, queues, bucket, server } = found;
  const name = tables.directory.replace(/-directory$/, '');
  return {
    tables,
    queues,
    bucket,
    data,
    stack: name,
    ...(server && { server }),
    ...keeping(tables.spool, bucket),
  };
}

function keeping(table: string, bucket: string): Pick<Gateway, 'keepMessage' | 'restoreMessage'> {
  const { keep, restore } = keptMessages({ dynamodb: dynamodb(), table, s3: s3(), bucket });
  return { keepMessage: keep, restoreMessage: restore };
}

/** Names follow from the stack's; account and region from the table's ARN. */
async function deployedGateway(stack: string): Promise<Gateway> {
  const name = (what: string): string => `${stack}-${what}`;
  const { account, region } = await accountOf(name('directory')).catch((cause: Error) => {
    throw new Failure(whyNot(stack, cause));
  });
  const queue = (what: string): string => `https://sqs.${region}.amazonaws.com/${account}/${name(what)}`;
  const bucket = `${stack}-mail-${account}-${region}`;
  return {
    tables: {
      directory: name('directory'),
      views: name('views'),
      spool: name('spool'),
      mailboxes: name('mailboxes'),
    },
    queues: {
      route: queue('route'),
      deliver: queue('deliver'),
      relay: queue('relay'),
      direct: queue('direct'),
      report: queue('report'),
    },
    bucket,
    stack,
    ...keeping(name('spool'), bucket),
  };
}

function whyNot(stack: string, { name, message }: Error): string {
  if (name === 'ResourceNotFoundException')
    return `There is no stack ${stack} in this account and region: it has no table ${stack}-directory.`;
  if (name === 'CredentialsProviderError')
    return 'There are no AWS credentials; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.';
  if (message === 'Region is missing') return 'No AWS region is named; set AWS_REGION.';
  return `The stack ${stack} cannot be looked at: ${name}: ${message}`;
}
