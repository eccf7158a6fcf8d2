/**
 * Secrets Manager on one machine: GetSecretValue, and DescribeSecret for whether there is one. The secret `<prefix>NAME` is the file NAME of a folder,
 * read at each call, without the line end an editor leaves behind. Anything else is not found.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ServiceError, serveJson, textOf } from './aws-json.ts';
import type { Endpoint, Input, OnFault } from './aws-json.ts';

/** No separators, and no dot in front: nothing leads out of the folder or to a hidden file. */
const plainName = /^[A-Za-z0-9_+=@-][A-Za-z0-9_+=.@-]*$/;

export interface Secrets {
  readonly folder: string;
  readonly prefix: string;
}

export function startSecretsManager(secrets: Secrets, onFault: OnFault): Promise<Endpoint> {
  return serveJson(
    {
      'secretsmanager.GetSecretValue': (input) => getSecretValue(secrets, input),
      'secretsmanager.DescribeSecret': (input) => describeSecret(secrets, input),
    },
    onFault,
  );
}

async function getSecretValue(
  { folder, prefix }: Secrets,
  input: Input,
): Promise<{ SecretString: string; [more: string]: unknown }> {
  const id = textOf(input['SecretId']);
  const name = id.startsWith(prefix) ? id.slice(prefix.length) : '';
  if (!plainName.test(name)) throw notFound(id);
  const file = join(folder, name);
  try {
    const text = await readFile(file, 'utf8');
    const { mtime } = await stat(file);
    return {
      ARN: `arn:aws:secretsmanager:us-east-1:000000000000:secret:${id}`,
      Name: id,
      SecretString: text.replace(/\r?\n$/, ''),
      VersionId: String(mtime.getTime()),
      VersionStages: ['AWSCURRENT'],
      CreatedDate: mtime.getTime() / 1000,
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw notFound(id);
    throw error;
  }
}

async function describeSecret(secrets: Secrets, input: Input): Promise<object> {
  const { SecretString: _, ...described } = await getSecretValue(secrets, input);
  return described;
}

const notFound = (id: string): ServiceError =>
  new ServiceError('ResourceNotFoundException', `Secrets Manager can't find the secret ${id}.`);
