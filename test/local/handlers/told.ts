/** A function that does what its event says, for the tests of a function's thread. */
import { dynamodb } from '../../../aws/clients.ts';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';

interface Told {
  readonly act: 'answer' | 'throw' | 'hang' | 'exit' | 'environment' | 'context' | 'read' | 'write-log';
  readonly value?: string;
}

interface Context {
  readonly functionName: string;
  getRemainingTimeInMillis(): number;
}

const acts: Record<Told['act'], (value: string | undefined, context: Context) => unknown> = {
  answer: (value) => ({ value, dropped: undefined }),
  throw: (value) => {
    throw new TypeError(value);
  },
  hang: () => new Promise(() => undefined),
  exit: () => process.exit(3),
  environment: (value) => process.env[value ?? ''],
  context: (_, context) => [context.functionName, context.getRemainingTimeInMillis() > 0],
  read: (value) =>
    dynamodb()
      .send(new GetItemCommand({ TableName: value, Key: { message: { S: '1' } } }))
      .then(() => 'read'),
  'write-log': (value) => console.log(value),
};

export async function handler({ act, value }: Told, context: Context): Promise<unknown> {
  return acts[act](value, context);
}
