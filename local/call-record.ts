/**
 * Which rights each component used, and what it was refused, in `<data>/log/rights.json`: an end-to-end test
 * reads it to report rights that are allowed and never used. Written soon after something new is seen; new
 * things are seen a few dozen times in a gateway's life.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from './report-file.ts';
import type { Use } from './rights.ts';

export interface ComponentCalls {
  used: Use[];
  denied: { action: string; resource: string }[];
}

export class CallRecord {
  readonly #file: string;
  readonly #calls: Record<string, ComponentCalls>;

  constructor(logFolder: string) {
    this.#file = join(logFolder, 'rights.json');
    this.#calls = readCalls(this.#file);
  }

  used(component: string, use: Use): void {
    this.#note(this.#of(component).used, use);
  }

  denied(component: string, request: { action: string; resource: string }): void {
    this.#note(this.#of(component).denied, request);
  }

  #of(component: string): ComponentCalls {
    return (this.#calls[component] ??= { used: [], denied: [] });
  }

  #note(list: { action: string; resource: string }[], one: { action: string; resource: string }): void {
    if (list.some((each) => each.action === one.action && each.resource === one.resource)) return;
    list.push(one);
    replaceFile(this.#file, JSON.stringify(this.#calls, undefined, 1));
  }
}

/** A record that cannot be read is begun anew: it is a report, not state. */
export function readCalls(file: string): Record<string, ComponentCalls> {
  if (!existsSync(file)) return {};
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, ComponentCalls>;
  } catch {
    return {};
  }
}
