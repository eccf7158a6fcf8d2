/**
 * A queue is born complete: its dead-letter queue, and a visibility time computed from its consumer's time-out
 * (six times, as AWS advises for event source mappings).
 */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { pascalCase } from './construct-id.ts';
import { allow, give, type Component } from './component.ts';
import type { GatewayFunction } from './gateway-function.ts';

export type QueueName = 'route' | 'deliver' | 'relay' | 'direct' | 'report';

export interface Consumer {
  readonly timeoutSeconds: number;
  readonly batchSize: number;
  readonly maximumConcurrency: number;
}

export interface WorkQueueProps {
  readonly stackName: string;
  readonly name: QueueName;
  readonly consumer: Consumer;
  readonly maxReceiveCount: number;
  /** Its messages are the only copy of something: it outlives the stack. */
  readonly holdsMail: boolean;
}

/** Held for as long as SQS allows: two weeks to notice and redrive. */
const retention = Duration.days(14);
const largestMessageBytes = 1_048_576;

export function deadLetterQueue(
  scope: Construct,
  id: string,
  queueName: string,
  removalPolicy = RemovalPolicy.DESTROY,
): Queue {
  return new Queue(scope, id, {
    removalPolicy,
    queueName,
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: retention,
    maxMessageSizeBytes: largestMessageBytes,
  });
}

export class WorkQueue extends Construct {
  readonly name: QueueName;
  readonly queue: Queue;
  readonly dead: Queue;
  private readonly consumer: Consumer;

  constructor(scope: Construct, props: WorkQueueProps) {
    const { stackName, name, consumer, maxReceiveCount, holdsMail } = props;
    super(scope, `${pascalCase(name)}Queue`);
    const removalPolicy = holdsMail ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    this.name = name;
    this.consumer = consumer;
    this.dead = deadLetterQueue(this, 'Dead', `${stackName}-${name}-dead`, removalPolicy);
    this.queue = new Queue(this, 'Queue', {
      queueName: `${stackName}-${name}`,
      removalPolicy,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: retention,
      maxMessageSizeBytes: largestMessageBytes,
      visibilityTimeout: Duration.seconds(6 * consumer.timeoutSeconds),
      deadLetterQueue: { queue: this.dead, maxReceiveCount },
    });
  }

  grantSend(component: Component): void {
    give(component, `${this.name}Queue`, this.queue.queueUrl);
    allow(component, { actions: ['sqs:SendMessage'], resources: [this.queue.queueArn] });
  }

  /** A temporary fault shortens the wait for the next try. */
  grantPostpone(component: GatewayFunction): void {
    allow(component, { actions: ['sqs:ChangeMessageVisibility'], resources: [this.queue.queueArn] });
  }

  /** Starts the function for each batch. */
  feed(component: GatewayFunction): void {
    give(component, `${this.name}Queue`, this.queue.queueUrl);
    allow(component, {
      actions: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
      resources: [this.queue.queueArn],
    });
    new EventSourceMapping(component, 'Work', {
      target: component.lambda,
      eventSourceArn: this.queue.queueArn,
      batchSize: this.consumer.batchSize,
      maxConcurrency: this.consumer.maximumConcurrency,
      reportBatchItemFailures: true,
    });
  }
}
