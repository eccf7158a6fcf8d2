/** What the gateway and the listener's thread say to each other. */
import type { Ports } from './options.ts';
import type { FromThread, ThreadData } from './thread-messages.ts';

export interface ListenerData extends ThreadData {
  readonly host: string;
  readonly ports: Ports;
  readonly staging: string;
  readonly certificates: string;
}

/** A port that could not be had. */
export interface PortRefused {
  readonly kind: 'refused';
  readonly code: string;
  readonly port?: number;
  readonly address?: string;
  readonly message: string;
}

export type FromListener = FromThread | { readonly kind: 'listening'; readonly ports: Ports } | PortRefused;
