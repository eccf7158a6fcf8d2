/** The listener's thread: the same listener that the container runs, with its role's rights and this machine's ports. */
import { parentPort, workerData } from 'node:worker_threads';
import type { FromListener, ListenerData } from './listener-messages.ts';
import { holdThreadRights } from './thread-rights.ts';

const data = workerData as ListenerData;
holdThreadRights(data);
