/**
 * The calls that every accepted message costs, over connections of their own: the SDK's way takes ten times the CPU
 * (docs/measured.md). It only ever succeeds: whatever is not plainly a success gives `undefined`, and the caller
 * asks the SDK, which retries, corrects clocks and knows every error. After a failure the SDK serves for a
 * while, after several in a row for longer.
 * Where the service is, is learnt from the client's own requests; credentials and region are the client's.
 */
import { KeptConnections } from './kept-connections.ts';
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
  readonly connections: KeptConnections;
  readonly origin: string;
  /** As in the header field: with its port, where that is not the usual one. */
  readonly host: string;
  readonly base: string;
}

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
  const signer = signerOf(client);
  let place: Place | undefined;
  let restUntil = 0;
  let failures = 0;
  onRequest(client, (sent, input) => (place = placeOf(sent, resourceOf(input), place) ?? place));
  return {
    async call(request) {
      if (place === undefined || performance.now() < restUntil || !plain.test(request.resource))
        return undefined;
      const answer = await attempt({ service, signer, place, request }).catch(() => undefined);
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
  known: Place | undefined,
): Place | undefined {
  if (resource === undefined || !plain.test(resource) || !path.endsWith(resource)) return undefined;
  if (protocol !== 'http:' && protocol !== 'https:') return undefined;
  const host = port === undefined ? hostname : `${hostname}:${port}`;
  const origin = `${protocol}//${host}`;
  const base = path.slice(0, path.length - resource.length);
  if (known?.origin === origin) return { ...known, base };
  const number = port ?? (protocol === 'http:' ? 80 : 443);
  return { connections: new KeptConnections({ protocol, hostname, port: number }), origin, host, base };
}

interface Scope {
  readonly region: string;
  readonly credentials: Credentials;
}

/** Credentials are renewed minutes before the old ones end: once a second is often enough to ask the SDK. */
const credentialsServe = 1_000;

function signerOf({ config }: AwsClient): () => Promise<Scope> | Scope {
  let known: Scope | undefined;
  let until = 0;
  const ask = async (): Promise<Scope> => {
    const [region, credentials] = await Promise.all([config.region(), config.credentials()]);
    until = performance.now() + credentialsServe;
    return (known = { region, credentials });
  };
  return () => (known !== undefined && performance.now() < until ? known : ask());
}

interface Attempt {
  readonly service: 's3' | 'sqs';
  readonly signer: () => Promise<Scope> | Scope;
  readonly place: Place;
  readonly request: QuickRequest;
}

async function attempt({ service, signer, place, request }: Attempt): Promise<Buffer> {
  const { region, credentials } = await signer();
  const { method } = request;
  const path = place.base + request.resource;
  const body = typeof request.body === 'string' ? Buffer.from(request.body) : request.body;
  const headers = { ...request.headers, host: place.host, 'content-length': String(body.length) };
  const unsigned = { service, region, method, path, headers, body };
  return place.connections.exchange({
    method,
    path,
    headers: signed(unsigned, credentials, new Date()),
    body,
  });
}
