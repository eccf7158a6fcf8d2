/**
 * The calls that every accepted message costs, by node:http kept alive: the SDK's own way takes ten times the CPU
 * (docs/measured.md). It only ever succeeds: whatever is not plainly a success gives `undefined`, and the caller
 * asks the SDK, which retries, corrects clocks and knows every error. After a failure the SDK serves for a
 * while, after several in a row for longer.
 * Where the service is, is learnt from the client's own requests; credentials and region are the client's.
 */
import { Agent as PlainAgent, request as plainRequest, type ClientRequest } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { signed, type Credentials, type Unsigned } from './signature.ts';

export interface QuickCalls {
  /** The body of a success; undefined: ask the SDK. `resource`: the path behind what the client's requests begin with. */
  call(request: QuickRequest): Promise<Buffer | undefined>;
}

export interface QuickRequest {
  readonly method: Unsigned['method'];
  readonly resource: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
}

/** What is used of an SDK client. */
export interface AwsClient {
  readonly config: { region(): Promise<string>; credentials(): Promise<Credentials> };
  readonly middlewareStack: object;
}

interface Place {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly base: string;
}

const patience = 10_000;
const shortestRest = 50;
const longestRest = 10_000;
/** Paths that no one would escape. */
const plain = /^[\w/.-]*$/;

/** Objects of one bucket. */
export function quickS3(client: AwsClient, bucket: string): QuickCalls {
  return quickCalls('s3', client, ({ Bucket, Key }) => (Bucket === bucket ? `/${String(Key)}` : undefined));
}

export function quickSqs(client: AwsClient): QuickCalls {
  return quickCalls('sqs', client, () => '/');
}

function quickCalls(
  service: 's3' | 'sqs',
  client: AwsClient,
  resourceOf: (input: Input) => string | undefined,
): QuickCalls {
  let place: Place | undefined;
  let restUntil = 0;
  let failures = 0;
  onRequest(client, (sent, input) => (place = placeOf(sent, resourceOf(input)) ?? place));
  return {
    async call(request) {
      if (place === undefined || performance.now() < restUntil || !plain.test(request.resource))
        return undefined;
      const answer = await attempt({ service, client, place, request }).catch(() => undefined);
      failures = answer === undefined ? failures + 1 : 0;
      if (failures > 0) restUntil = performance.now() + Math.min(shortestRest * 2 ** failures, longestRest);
      return answer;
    },
  };
}

type Input = Readonly<Record<string, unknown>>;

interface SentRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
}

interface Stack {
  add(
    middleware: (
      next: (args: { input: Input; request: unknown }) => Promise<unknown>,
    ) => (args: { input: Input; request: unknown }) => Promise<unknown>,
    options: { step: 'finalizeRequest'; priority: 'low'; name: string; override: true },
  ): void;
}

function onRequest(client: AwsClient, look: (sent: SentRequest, input: Input) => void): void {
  (client.middlewareStack as Stack).add(
    (next) => (args) => {
      look(args.request as SentRequest, args.input);
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'low', name: 'learnPlace', override: true },
  );
}

function placeOf(
  { protocol, hostname, port, path }: SentRequest,
  resource: string | undefined,
): Place | undefined {
  if (resource === undefined || !plain.test(resource) || !path.endsWith(resource)) return undefined;
  return { protocol, hostname, port, base: path.slice(0, path.length - resource.length) };
}

interface Attempt {
  readonly service: 's3' | 'sqs';
  readonly client: AwsClient;
  readonly place: Place;
  readonly request: QuickRequest;
}

async function attempt({ service, client, place, request }: Attempt): Promise<Buffer | undefined> {
  const [region, credentials] = await Promise.all([client.config.region(), client.config.credentials()]);
  const { method, body } = request;
  const path = place.base + request.resource;
  const host = place.port === undefined ? place.hostname : `${place.hostname}:${place.port}`;
  const headers = { ...request.headers, host, 'content-length': String(Buffer.byteLength(body)) };
  const unsigned = { service, region, method, path, headers, body };
  return exchange(open(place, { method, path, headers: signed(unsigned, credentials, new Date()) }), body);
}

const agents = {
  'http:': new PlainAgent({ keepAlive: true }),
  'https:': new TlsAgent({ keepAlive: true }),
};

function open({ protocol, hostname, port }: Place, request: object): ClientRequest {
  const options = { ...request, hostname, port, timeout: patience };
  if (protocol === 'http:') return plainRequest({ ...options, agent: agents['http:'] });
  return tlsRequest({ ...options, agent: agents['https:'] });
}

function exchange(request: ClientRequest, body: Uint8Array | string): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    request.on('timeout', () => request.destroy(new Error('No answer in time.')));
    request.on('error', reject);
    request.on('response', (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece)).on('error', reject);
      response.on('end', () => resolve(response.statusCode === 200 ? Buffer.concat(pieces) : undefined));
    });
    request.end(body);
  });
}
