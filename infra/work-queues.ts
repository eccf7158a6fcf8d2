/** The five queues of work. `direct` exists only where direct sending is on; its variable is then empty. */
import { Construct } from 'constructs';
import { settings as deliverToMailbox } from '../functions/deliver-to-mailbox/settings.ts';
import { settings as relayOutbound } from '../functions/relay-outbound/settings.ts';
import { settings as reportFailure } from '../functions/report-failure/settings.ts';
import { settings as routeMail } from '../functions/route-mail/settings.ts';
import { give, type Component } from './component.ts';
import type { Deployment } from './deployment.ts';
import { WorkQueue, type Consumer, type QueueName } from './work-queue.ts';

/**
 * Until the plan is written the `route` message is the only copy of its envelope. Its wait between tries is
 * at most 5 minutes, so 500 tries outlast a day of outage. The other queues only save waiting.
 */
const maxReceiveCounts: Record<QueueName, number> = {
  route: 500,
  deliver: 20,
  relay: 20,
  direct: 20,
  report: 20,
};

export class WorkQueues extends Construct {
  readonly route: WorkQueue;
  readonly deliver: WorkQueue;
  readonly relay: WorkQueue;
  readonly direct: WorkQueue | undefined;
  readonly report: WorkQueue;

  constructor(scope: Construct, { stackName, directSending }: Deployment) {
    super(scope, 'Queues');
    const queue = (name: QueueName, consumer: Consumer) =>
      new WorkQueue(this, {
        stackName,
        name,
        consumer,
        maxReceiveCount: maxReceiveCounts[name],
        holdsMail: name === 'route',
      });
    this.route = queue('route', routeMail);
    this.deliver = queue('deliver', deliverToMailbox);
    this.relay = queue('relay', relayOutbound);
    this.direct = directSending ? queue('direct', relayOutbound) : undefined;
    this.report = queue('report', reportFailure);
  }

  get all(): WorkQueue[] {
    return [this.route, this.deliver, this.relay, this.direct, this.report].filter(
      (queue) => queue !== undefined,
    );
  }

  grantSend(component: Component, names: readonly QueueName[]): void {
    for (const name of names) {
      this.name(component, name);
      this[name]?.grantSend(component);
    }
  }

  /** The variable alone, empty where the queue is not deployed. */
  name(component: Component, name: QueueName): void {
    give(component, `${name}Queue`, this[name]?.queue.queueUrl ?? '');
  }
}
