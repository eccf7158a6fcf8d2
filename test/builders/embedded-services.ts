/** The embedded services, one thread for all tests of a process: each is given a number for tables and buckets of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServices } from '../../local/services/services.ts';

export interface EmbeddedServices {
  readonly endpoints: Awaited<ReturnType<typeof startServices>>['endpoints'];
  /** Nobody else in this process has it. */
  readonly number: number;
  /** The last to go ends the thread. */
  readonly release: () => Promise<void>;
}

let running: ReturnType<typeof start> | undefined;
let users = 0;
let numbers = 0;

export async function embeddedServices(): Promise<EmbeddedServices> {
  users += 1;
  const { endpoints, stop } = await (running ??= start());
  return {
    endpoints,
    number: (numbers += 1),
    release: async () => {
      users -= 1;
      if (users > 0) return;
      running = undefined;
      await stop();
    },
  };
}

async function start() {
  const dataDir = await mkdtemp(join(tmpdir(), 'postern-services-'));
  const services = await startServices({ dataDir, secretPrefix: 'test/' });
  return {
    endpoints: services.endpoints,
    stop: async (): Promise<void> => {
      await services.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
