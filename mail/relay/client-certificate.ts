/**
 * What a client certificate must be (documents: `routing.relayHostClientCertificate`): a private key and its certificate, in
 * PEM, in one text; certificates of authorities in between may follow. Says what is wrong without quoting anything.
 */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';

/** Undefined: it can be shown. */
export function obstacleToCertificate(pem: string): string | undefined {
  const key = attempted(() => createPrivateKey(pem));
  if (key === undefined) return 'holds no private key in PEM that opens without a passphrase';
  const certificate = attempted(() => new X509Certificate(pem));
  if (certificate === undefined) return 'holds no certificate in PEM beside the key';
  return isPair(certificate, key) ? undefined : 'holds a certificate that is not of its private key';
}

/** The first certificate is the one that is shown. */
function isPair(certificate: X509Certificate, key: KeyObject): boolean {
  return attempted(() => certificate.checkPrivateKey(key)) === true;
}

/** The errors of node:crypto are words of OpenSSL. */
function attempted<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
