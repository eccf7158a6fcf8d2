/** The queues of work over SQS. A message points at the spool; only `route` carries what is nowhere else. */
import { SendMessageBatchCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { DeliverWork, WorkQueue } from '../mail/spool/doors.ts';

interface Options {
  readonly client: SQSClient;
  /** Queue URLs; `direct` is empty where direct sending is not deployed. */
  readonly urls: {
    readonly [queue in 'route' | 'deliver' | 'relay' | 'direct' | 'report']?: string | undefined;
  };
  /** Which of the two outbound queues can reach a next hop. */
  readonly queueOf: (work: { transport: string; nextHop: string }) => 'relay' | 'direct';
}

export function awsWorkQueue({ client, urls, queueOf }: Options): WorkQueue {
  const send = async (
    queue: keyof Options['urls'],
    body: object,
    { group, delaySeconds }: { group?: string; delaySeconds?: number } = {},
  ): Promise<void> => {
    const QueueUrl = urls[queue];
    if (!QueueUrl) throw new Error(`The queue ${queue} is not deployed here.`);
    const MessageGroupId = group === undefined ? {} : { MessageGroupId: group };
    await client.send(
      new SendMessageCommand({
        QueueUrl,
        MessageBody: JSON.stringify(body),
        ...MessageGroupId,
        ...(delaySeconds === undefined ? {} : { DelaySeconds: delaySeconds }),
      }),
    );
  };
  return {
    route: (work) => send('route', work),
    deliver: (work) => sendAll(client, urls.deliver, work),
    async hop(work, delaySeconds) {
      const queue = queueOf(work);
      // Not deployed: the due index keeps the delivery, and the sweep puts it off with the reason.
      if (queue === 'direct' && !urls.direct) return;
      const group = groupOf(`${work.transport}#${work.nextHop}`);
      await send(queue, work, delaySeconds === undefined ? { group } : { group, delaySeconds });
    },
    report: (work) => send('report', work),
    tlsReport: (tlsReport) => send('report', { tlsReport }),
  };
}

/** MessageGroupId takes 128 characters of a small alphabet; fair queues only need it to tell hops apart. */
function groupOf(hop: string): string {
  return hop.replaceAll(/[^A-Za-z0-9!-/:-@[-`{-~]/g, '_').slice(0, 128);
}

async function sendAll(
  client: SQSClient,
  url: string | undefined,
  work: readonly DeliverWork[],
): Promise<void> {
  if (!url) throw new Error('The queue deliver is not deployed here.');
  for (let at = 0; at < work.length; at += 10) {
    const Entries = work.slice(at, at + 10).map((one, n) => ({
      Id: String(n),
      MessageBody: JSON.stringify({ message: one.message, part: one.part }),
    }));
    const { Failed } = await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
    if (Failed?.length) throw new Error(`SQS did not take ${Failed.length} of ${Entries.length} pointers.`);
  }
}

/** Queue URLs from a component's variables; a component has those it may send to. */
export function queueUrls(vars: {
  readonly [queue in `${keyof Options['urls']}Queue`]?: string;
}): Options['urls'] {
  const { routeQueue, deliverQueue, relayQueue, directQueue, reportQueue } = vars;
  return {
    route: routeQueue,
    deliver: deliverQueue,
    relay: relayQueue,
    direct: directQueue,
    report: reportQueue,
  };
}
