/**
 * A rare call to a service whose SDK client would weigh more than the call is worth: one signed POST. Credentials are
 * an SDK client's; the endpoint is found as the SDK finds it. What is not a success is thrown, with the service's words.
 */
import { holdCall } from './clients.ts';
import { signed, type Credentials } from './signature.ts';

export interface SignedCall {
  /** As in its host and the scope of its signature: `acm`. */
  readonly service: string;
  /** In `AWS_ENDPOINT_URL_…`. */
  readonly endpointName: string;
  /** The SDK's name of it, held against the caller's role on one machine. */
  readonly command: string;
  readonly input: object;
  readonly region: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface WithCredentials {
  readonly config: { credentials(): Promise<Credentials> };
}

const patience = 10_000;

export async function signedCall(client: WithCredentials, call: SignedCall): Promise<string> {
  holdCall(call.command, call.input);
  const url = new URL(endpointOf(call));
  const { service, region, body } = call;
  const headers = { ...call.headers, host: url.host };
  const unsigned = { service, region, method: 'POST', path: url.pathname, headers, body } as const;
  const response = await fetch(url, {
    method: 'POST',
    headers: signed(unsigned, await client.config.credentials(), new Date()),
    body,
    signal: AbortSignal.timeout(patience),
  });
  const text = await response.text();
  if (response.ok) return text;
  throw new Error(`${call.command} was answered with ${response.status}: ${errorIn(text)}`);
}

function endpointOf({ service, endpointName, region }: SignedCall): string {
  const { env } = process;
  const given = env[`AWS_ENDPOINT_URL_${endpointName}`] ?? env['AWS_ENDPOINT_URL'];
  if (given !== undefined && given !== '') return given;
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return `https://${service}.${region}.${suffix}/`;
}

/** The sentence in an answer of the JSON or of the query protocol; never the whole answer. */
function errorIn(text: string): string {
  const sentence = /"[Mm]essage"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(text) ?? /<Message>([^<]*)</.exec(text);
  return (sentence?.[1] ?? 'it gives no reason').slice(0, 300);
}
