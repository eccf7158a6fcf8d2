/**
 * The embedded AWS of a gateway on one machine: DynamoDB, SQS, S3, SES and Secrets Manager in one worker
 * thread, each on a free port of 127.0.0.1. Receives the data folder; keeps there all that was answered, through
 * a killed process too. A folder that cannot be used rejects with one sentence (`BrokenState`); a fault inside a
 * service goes to `onFault`, and the caller of that service gets a 500, which the SDK tries again.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { BrokenState } from './broken-state.ts';
import type { OnFault } from './aws-json.ts';
import type { RunningServices, ServiceOptions } from './run-services.ts';
import type { Report } from './services-worker.ts';

export type { ServiceEndpoints } from './run-services.ts';

export interface StartServicesOptions extends ServiceOptions {
  /** Told of faults inside a service, without anybody's mail. */
  readonly onFault?: OnFault;
  /** Told when the services end without having been stopped; nothing works any more then. */
  readonly onEnd?: OnFault;
}

export async function startServices(options: StartServicesOptions): Promise<RunningServices> {
  const { onFault = () => undefined, onEnd = () => undefined, ...workerData } = options;
  const worker = new Worker(new URL('./services-worker.ts', import.meta.url), { workerData });
  let stopping = false;
  const ended = once(worker, 'exit');
  const report = await firstReport(worker);
  if (report.kind !== 'started') throw new BrokenState(report.error.message, { cause: report.error });
  worker.on('message', (message: Report) => {
    if (message.kind === 'fault') onFault(message.error);
  });
  worker.on('error', (error) => onEnd(new Error('The embedded services failed.', { cause: error })));
  worker.on('exit', () => {
    if (!stopping) onEnd(new Error('The embedded services ended.'));
  });
  const stop = async (): Promise<void> => {
    stopping = true;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    worker.postMessage('stop');
    await ended;
  };
  return { endpoints: report.endpoints, stop };
}

function firstReport(worker: Worker): Promise<Report> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('The embedded services ended before they started.')));
  });
}
