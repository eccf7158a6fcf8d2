/**
 * Whether a password may leave (documents: `routing.relayHostCredentials`): under TLS with a verified certificate, or
 * towards loopback, where nobody listens between; and only by a mechanism that both sides know.
 */
import type { Extensions } from './extensions.ts';
import { isLoopback } from './networks.ts';

export interface LoginPlace {
  readonly address: string;
  readonly tls?: { readonly verified: boolean; readonly problem?: string };
  readonly extensions: Pick<Extensions, 'auth'>;
}

/** Why the password stays here; undefined: it may leave. */
export function obstacleToLogin({ address, tls, extensions }: LoginPlace): string | undefined {
  const near = isLoopback(address);
  if (!near && tls === undefined) return 'the password is sent only under TLS, which is not in use';
  if (!near && tls?.verified === false)
    return `the password is sent only with a verified certificate (${tls.problem})`;
  if (!extensions.auth.some((name) => name === 'PLAIN' || name === 'LOGIN'))
    return 'it offers neither AUTH PLAIN nor AUTH LOGIN';
  return undefined;
}
