/** What a TLS session with another host is: its certificates, and whether the authorities known here vouch for it. */
import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { TlsResult } from '../../mail/relay/doors.ts';

export interface TlsFacts {
  readonly version: string;
  readonly cipher: string;
  /** The chain leads to a known authority and the certificate shows the host's name (for an address: the chain). */
  readonly verified: boolean;
  /** Why it is not verified. */
  readonly problem?: string;
  readonly result?: TlsResult;
  /** From the host's own certificate up, as it showed them. */
  readonly chain: readonly X509Certificate[];
}

export function factsOf(tls: TLSSocket, host: string): TlsFacts {
  const facts = {
    version: tls.getProtocol() ?? 'TLS',
    cipher: tls.getCipher().name,
    chain: chainOf(tls.getPeerX509Certificate()),
  };
  if (tls.authorized) return { ...facts, verified: true };
  return { ...facts, verified: false, ...inWords(String(tls.authorizationError), host) };
}

const longestChain = 10;

function chainOf(own: X509Certificate | undefined): X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (let one = own; one !== undefined && chain.length < longestChain; one = one.issuerCertificate) {
    if (chain.at(-1)?.fingerprint256 === one.fingerprint256) break;
    chain.push(one);
  }
  return chain;
}

/** What OpenSSL and Node call it, for the usual cases in words. */
function inWords(code: string, host: string): { problem: string; result: TlsResult } {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return { problem: `it is not made out for ${host}`, result: 'certificate-host-mismatch' };
  if (code === 'CERT_HAS_EXPIRED') return { problem: 'it has expired', result: 'certificate-expired' };
  if (code.includes('SELF_SIGNED'))
    return { problem: 'it is self-signed, or its authority is', result: 'certificate-not-trusted' };
  if (code.startsWith('UNABLE_TO'))
    return { problem: `its authority is not known here (${code})`, result: 'certificate-not-trusted' };
  return { problem: code, result: 'validation-failure' };
}
