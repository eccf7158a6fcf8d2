/** Starts every embedded service in this thread; what was started is stopped again when one of them fails. */
import type { Endpoint, OnFault } from './aws-json.ts';
import { prepareFolders, sentenceAbout } from './broken-state.ts';
import { startDynamoDb } from './dynamodb/dynamodb.ts';
import { startQueuesAndObjects } from './queues-and-objects.ts';
import { startSecretsManager } from './secrets-manager.ts';
import { startSes } from './ses.ts';

export interface ServiceOptions {
  readonly dataDir: string;
  /** Of secret names, as `postern/`. */
  readonly secretPrefix: string;
}

/** URLs like `http://127.0.0.1:40123`. */
export interface ServiceEndpoints {
  readonly dynamodb: string;
  readonly sqs: string;
  readonly s3: string;
  readonly ses: string;
  readonly secretsManager: string;
  /** For a browser: what SES was given. */
  readonly sesInbox: string;
}

export interface RunningServices {
  readonly endpoints: ServiceEndpoints;
  stop(): Promise<void>;
}

export async function runServices(options: ServiceOptions, onFault: OnFault): Promise<RunningServices> {
  const folders = prepareFolders(options.dataDir);
  const running: Endpoint[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((service) => service.stop()));
  };
  const add = async (start: Promise<Endpoint>): Promise<string> => {
    const service = await start;
    running.push(service);
    return service.url;
  };
  try {
    // First, because its lock keeps a second gateway off the whole folder.
    const dynamodb = await add(openTables(folders.tables, onFault));
    const sqs = await add(startQueuesAndObjects(folders, onFault));
    const ses = await add(startSes(onFault));
    const secrets = { folder: folders.secrets, prefix: options.secretPrefix };
    const secretsManager = await add(startSecretsManager(secrets, onFault));
    return { endpoints: { dynamodb, sqs, s3: sqs, ses, secretsManager, sesInbox: `${ses}/` }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function openTables(folder: string, onFault: OnFault): Promise<Endpoint> {
  try {
    return await startDynamoDb(folder, onFault);
  } catch (error) {
    throw sentenceAbout('tables', folder, error);
  }
}
