/** The gateway's log files, one per component, and the counters that their lines carry. */
import type { Writable } from 'node:stream';
import { inspect } from 'node:util';
import { logFile } from './log-files.ts';
import { keepStats } from './stats.ts';

export interface Logs {
  of(component: string): Writable;
  /** Tells the log of the gateway itself what went wrong around a component. */
  faultsOf(component: string): (what: string, cause: unknown) => void;
  close(): void;
}

const saveEveryMs = 500;

export function openLogs(data: string, folder: string): Logs {
  const stats = keepStats(data);
  const files = new Map<string, Writable>();
  const timer = setInterval(() => stats.save(), saveEveryMs).unref();
  const of = (component: string): Writable => {
    const file = files.get(component) ?? logFile(folder, component, stats.read);
    files.set(component, file);
    return file;
  };
  return {
    of,
    faultsOf: (component) => (what, cause) => {
      const entry = { timestamp: new Date(), level: 'ERROR', component, message: what };
      of('gateway').write(
        `${JSON.stringify(cause === undefined ? entry : { ...entry, cause: inspect(cause) })}\n`,
      );
    },
    close() {
      clearInterval(timer);
      stats.save();
      for (const file of files.values()) file.end();
    },
  };
}
