/**
 * Signature Version 4 (AWS General Reference, "Signing AWS API requests") for calls without a query string. The
 * payload's hash is signed too, so that the service refuses a body that changed on the way.
 */
import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface Unsigned {
  /** As in the scope of the signature: `s3`, `acm`. */
  readonly service: string;
  readonly region: string;
  readonly method: 'PUT' | 'POST';
  /** As it goes on the wire: nothing in it needs escaping. */
  readonly path: string;
  /** Names in lower case; `host` among them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
}

/** The headers to send: those given, and what the signature adds. */
export function signed(request: Unsigned, credentials: Credentials, now: Date): Record<string, string> {
  const time = now.toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const payload = hash('sha256', request.body);
  const { sessionToken } = credentials;
  const headers: Record<string, string> = {
    ...request.headers,
    'x-amz-content-sha256': payload,
    'x-amz-date': time,
    ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
  };
  const names = Object.keys(headers).toSorted();
  const lines = names.map((name) => `${name}:${headers[name]}\n`).join('');
  const canonical = [request.method, request.path, '', lines, names.join(';'), payload].join('\n');
  const scope = `${time.slice(0, 8)}/${request.region}/${request.service}/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', time, scope, hash('sha256', canonical)].join('\n');
  const signature = createHmac('sha256', keyFor(credentials.secretAccessKey, scope))
    .update(text)
    .digest('hex');
  const authorization =
    `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, ` +
    `SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { ...headers, authorization };
}

/** Keys last a day; the newest of each service is kept. */
const keys = new Map<string, { secret: string; scope: string; key: KeyObject }>();

function keyFor(secret: string, scope: string): KeyObject {
  const [date = '', region = '', service = '', end = ''] = scope.split('/');
  const known = keys.get(service);
  if (known?.scope === scope && known.secret === secret) return known.key;
  let key: Buffer = Buffer.from(`AWS4${secret}`);
  for (const part of [date, region, service, end]) key = createHmac('sha256', key).update(part).digest();
  const made = { secret, scope, key: createSecretKey(key) };
  keys.set(service, made);
  return made.key;
}
