/**
 * The listener's one act: the body to S3, a large envelope beside it, then `route` to SQS. Resolves when all of it
 * is durable (promise 1). A send whose outcome nobody knows is repeated with the same id until it is known, for at
 * most four minutes; `route-mail` takes any number of copies as one. On failure it throws and leaves the body to the
 * bucket's expiry: the copy of an unknown send may still be routed.
 */
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { Envelope } from '../mail/envelope/envelope.ts';
import type { Acceptance, BodyStore, ObjectStore, RouteWork } from '../mail/spool/doors.ts';
import { envelopeKeyOf } from '../mail/spool/keys.ts';
import type { QuickCalls } from './quick-call.ts';
import { routeSender, type RouteSender } from './route-sender.ts';

export interface AcceptanceOptions {
  readonly bodies: BodyStore;
  readonly objects: Pick<ObjectStore, 'putJson'>;
  readonly client: SQSClient;
  readonly quick?: QuickCalls;
  readonly routeQueue: string;
  /** How long an unknown outcome is worth asking again, in milliseconds; tests set it. */
  readonly patience?: number;
}

/** A queue takes 1 MiB; smaller messages keep a poll for ten of them small. */
const largestInline = 200 * 1024;
const fourMinutes = 240_000;
const longestPause = 5_000;

export function awsAcceptance(options: AcceptanceOptions): Acceptance {
  const { client, quick, routeQueue: queueUrl } = options;
  const sender = routeSender({ client, quick, queueUrl });
  return {
    async accept(envelope, body) {
      await options.bodies.put(envelope.id, body);
      await sendUntilKnown(sender, await workFor(options, envelope), options.patience ?? fourMinutes);
    },
  };
}

async function workFor({ objects }: AcceptanceOptions, envelope: Envelope): Promise<string> {
  const { id } = envelope;
  const inline = JSON.stringify({ id, envelope } satisfies RouteWork);
  if (Buffer.byteLength(inline) <= largestInline) return inline;
  const envelopeKey = envelopeKeyOf(id);
  await objects.putJson(envelopeKey, envelope);
  return JSON.stringify({ id, envelopeKey } satisfies RouteWork);
}

async function sendUntilKnown(sender: RouteSender, body: string, patience: number): Promise<void> {
  const until = performance.now() + patience;
  for (let pause = 200; ; pause = Math.min(2 * pause, longestPause)) {
    try {
      return await sender.send(body);
    } catch (cause) {
      if (!isUnknown(cause) || performance.now() + pause > until) throw cause;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** No answer, an answer that cannot be read, 5xx and throttling; a plain refusal is known. */
function isUnknown(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  const { code, $metadata, name } = cause as Error & {
    code?: unknown;
    $metadata?: { httpStatusCode?: number };
  };
  const status = $metadata?.httpStatusCode;
  if (status === undefined) return typeof code === 'string' || /timeout|abort/i.test(name);
  return status < 400 || status === 408 || status === 429 || status >= 500 || /throttl|overlimit/i.test(name);
}
