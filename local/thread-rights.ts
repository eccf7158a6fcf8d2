/** In a component's thread: every call is held against the component's role before it leaves. */
import { parentPort } from 'node:worker_threads';
import { guardCalls } from '../aws/clients.ts';
import { holdRights } from './rights.ts';
import type { FromThread, ThreadData } from './thread-messages.ts';

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
export const say = (message: FromThread): void => parentPort?.postMessage(message);

export function holdThreadRights({ component, statements, partitionKeys }: ThreadData): void {
  const rights = holdRights({
    component,
    statements,
    partitionKeyOf: (table) => partitionKeys[table],
    onUse: (use) => say({ kind: 'used', use }),
    onDenied: (request) => say({ kind: 'denied', request }),
  });
  guardCalls((command, input) => rights.hold(command, input));
}
