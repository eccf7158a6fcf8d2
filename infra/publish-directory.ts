/**
 * Validates changed documents and publishes what is valid: from the directory's stream as they change, and in a
 * full pass every 15 minutes that heals whatever the stream left out. A batch it cannot read is halved until the
 * bad record stands alone; that one goes to `<stack>-directory-dead`.
 */
import { Duration } from 'aws-cdk-lib';
import { EventSourceMapping, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { settings } from '../functions/publish-directory/settings.ts';
import { allow } from './component.ts';
import { GatewayFunction } from './gateway-function.ts';
import type { Nouns } from './nouns.ts';
import { runEvery } from './schedule.ts';
import { deadLetterQueue } from './work-queue.ts';

export class PublishDirectory extends GatewayFunction {
  constructor(scope: Construct, { deployment, directory, views, bucket }: Nouns) {
    super(scope, { deployment, folder: 'publish-directory', settings });
    directory.grantPublish(this);
    views.grantPublish(this);
    bucket.grantRead(this, ['settings']);
    bucket.grantWrite(this, ['settings']);
    const dead = deadLetterQueue(this, 'Dead', `${deployment.stackName}-directory-dead`);
    allow(this, { actions: ['sqs:SendMessage'], resources: [dead.queueArn] });
    new EventSourceMapping(this, 'Changes', {
      target: this.lambda,
      eventSourceArn: directory.streamArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: settings.batchSize,
      bisectBatchOnError: true,
      retryAttempts: 10,
      reportBatchItemFailures: true,
      onFailure: { bind: () => ({ destination: dead.queueArn }) },
    });
    runEvery(this, Duration.minutes(15), { kind: 'full-pass' });
  }
}
