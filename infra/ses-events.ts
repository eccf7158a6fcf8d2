/**
 * What Amazon SES tells afterwards of mail it took: bounces, complaints and refusals come back as work for `report`, by
 * way of a configuration set and a topic. The queue gets SNS's own envelope around each event.
 */
import { ConfigurationSet, EmailSendingEvent, EventDestination } from 'aws-cdk-lib/aws-ses';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Aws } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { allow, type Component } from './component.ts';
import type { WorkQueue } from './work-queue.ts';

/** Those that settle something; opens and clicks are nobody's business. */
const events = [
  EmailSendingEvent.BOUNCE,
  EmailSendingEvent.COMPLAINT,
  EmailSendingEvent.DELIVERY,
  EmailSendingEvent.DELIVERY_DELAY,
  EmailSendingEvent.REJECT,
];

export class SesEvents extends Construct {
  readonly #set: ConfigurationSet;

  constructor(scope: Construct, stackName: string, report: WorkQueue) {
    super(scope, 'SesEvents');
    // SES cannot write to a topic under the AWS-managed key, and a key of our own costs more than this whole path.
    const topic = new Topic(this, 'Topic', { topicName: `${stackName}-ses-events`, enforceSSL: true });
    topic.addSubscription(new SqsSubscription(report.queue, { rawMessageDelivery: false }));
    this.#set = new ConfigurationSet(this, 'Set', { configurationSetName: stackName });
    this.#set.addEventDestination('Events', { destination: EventDestination.snsTopic(topic), events });
  }

  /** SES asks for the right on the identity that sends, and on the configuration set that is named. */
  grantSend(component: Component): void {
    const arn = `arn:${Aws.PARTITION}:ses:${Aws.REGION}:${Aws.ACCOUNT_ID}`;
    component.setVariable('SES_CONFIGURATION_SET', this.#set.configurationSetName);
    allow(component, {
      actions: ['ses:SendRawEmail'],
      resources: [`${arn}:identity/*`, `${arn}:configuration-set/${this.#set.configurationSetName}`],
    });
  }
}
