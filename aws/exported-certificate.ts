/**
 * The listener's certificate out of AWS Certificate Manager, which renews it: a public certificate that was requested
 * as exportable. It is exported with its private key under a passphrase that lives as long as the call, looked at
 * again twice a day (ACM renews weeks before the end), and never stored. A failure throws: the listener keeps what it
 * has, and asks again at its next look.
 */
import { createPrivateKey, randomBytes } from 'node:crypto';
import type { Clock } from '../mail/spool/doors.ts';
import { signedCall, type WithCredentials } from './signed-call.ts';

export interface ExportedOptions {
  readonly client: WithCredentials;
  readonly arn: string;
  readonly clock: Clock;
}

interface Exported {
  readonly Certificate: string;
  readonly CertificateChain?: string;
  readonly PrivateKey: string;
}

const keepMs = 12 * 3_600_000;

/** PEM: the private key in clear, the certificate, its chain. */
export function exportedCertificate({ client, arn, clock }: ExportedOptions): () => Promise<string> {
  let kept: { readonly pem: string; readonly until: number } | undefined;
  return async () => {
    const now = clock().getTime();
    if (kept !== undefined && kept.until > now) return kept.pem;
    kept = { pem: await exportOnce(client, arn), until: now + keepMs };
    return kept.pem;
  };
}

async function exportOnce(client: WithCredentials, CertificateArn: string): Promise<string> {
  const passphrase = randomBytes(32).toString('hex');
  const Passphrase = Buffer.from(passphrase).toString('base64');
  const [, , , region = ''] = CertificateArn.split(':');
  const text = await signedCall(client, {
    service: 'acm',
    endpointName: 'ACM',
    command: 'ExportCertificate',
    input: { CertificateArn },
    region,
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'CertificateManager.ExportCertificate',
    },
    body: JSON.stringify({ CertificateArn, Passphrase }),
  });
  const { Certificate, CertificateChain = '', PrivateKey } = JSON.parse(text) as Exported;
  const key = createPrivateKey({ key: PrivateKey, passphrase });
  return [key.export({ type: 'pkcs8', format: 'pem' }), Certificate, CertificateChain].join('\n');
}
