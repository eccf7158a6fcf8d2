/**
 * The thread in which all embedded services run, so that their work never stalls the listener. Tells its parent
 * `started` with the endpoints, `broken` with a sentence, or a `fault`; ends, all state written, when told `stop`.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { asError } from './aws-json.ts';
import { runServices } from './run-services.ts';
import type { ServiceOptions } from './run-services.ts';

export type Report =
  | { readonly kind: 'started'; readonly endpoints: Awaited<ReturnType<typeof runServices>>['endpoints'] }
  | { readonly kind: 'broken'; readonly error: Error }
  | { readonly kind: 'fault'; readonly error: Error };

// A thread has no origin to name.
// oxlint-disable-next-line unicorn/require-post-message-target-origin
const report = (message: Report): void => parentPort?.postMessage(message);

try {
  const services = await runServices(workerData as ServiceOptions, (error) =>
    report({ kind: 'fault', error }),
  );
  parentPort?.once('message', () => {
    parentPort?.close();
    void services.stop();
  });
  report({ kind: 'started', endpoints: services.endpoints });
} catch (error) {
  report({ kind: 'broken', error: asError(error) });
  parentPort?.close();
}
