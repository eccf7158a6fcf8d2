/** What the gateway and a component's thread say to each other. */
import type { Statement } from './role.ts';
import type { Use } from './rights.ts';

export interface ThreadData {
  readonly component: string;
  /** URL of the module to run. */
  readonly entry: string;
  readonly statements: readonly Statement[];
  /** Partition keys of tables, and of indexes as `table/index`. */
  readonly partitionKeys: Readonly<Record<string, string>>;
}

export interface Invocation {
  readonly id: number;
  readonly event: unknown;
  /** Milliseconds since 1970 when the time is over. */
  readonly deadline: number;
}

export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly error: ThreadError }
  | { readonly kind: 'used'; readonly use: Use }
  | { readonly kind: 'denied'; readonly request: { action: string; resource: string } };

export interface ThreadError {
  readonly name: string;
  readonly message: string;
}
