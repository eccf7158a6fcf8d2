/**
 * The door Secrets over Secrets Manager: `<stack>/NAME`. A secret is kept for at most 60 s, so that one that changes
 * is in use a minute later. One that cannot be read throws: whoever needs it waits.
 */
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { Secrets } from '../mail/relay/doors.ts';
import type { Clock } from '../mail/spool/doors.ts';

export interface SecretsOptions {
  readonly client: Pick<SecretsManagerClient, 'send'>;
  /** `<stack>/`. */
  readonly prefix: string;
  readonly clock: Clock;
  /** At most 60. */
  readonly keepSeconds?: number;
}

const longestKept = 60;

export function awsSecrets({ client, prefix, clock, keepSeconds = longestKept }: SecretsOptions): Secrets {
  const kept = new Map<string, { readonly text: string | undefined; readonly until: number }>();
  const read = async (name: string): Promise<string | undefined> => {
    try {
      const { SecretString, SecretBinary } = await client.send(
        new GetSecretValueCommand({ SecretId: `${prefix}${name}` }),
      );
      return SecretString ?? (SecretBinary && Buffer.from(SecretBinary).toString('utf8'));
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  };
  return {
    async read(name) {
      const now = clock().getTime();
      const known = kept.get(name);
      if (known !== undefined && known.until > now) return known.text;
      const text = await read(name);
      kept.set(name, { text, until: now + Math.min(keepSeconds, longestKept) * 1000 });
      return text;
    },
  };
}

/** Is there a secret of this name (with its prefix)? What it says stays unread. */
export async function hasSecret(
  client: Pick<SecretsManagerClient, 'send'>,
  SecretId: string,
): Promise<boolean> {
  try {
    const { DeletedDate } = await client.send(new DescribeSecretCommand({ SecretId }));
    return DeletedDate === undefined;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return false;
    throw error;
  }
}
