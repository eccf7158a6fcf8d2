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
import { grantSecretNames } from './secrets.ts';
import { deadLetterQueue } from './work-queue.ts';

export function publishDirectory(scope: Construct, nouns: Nouns): GatewayFunction {
  const { deployment, directory, views, bucket, queues } = nouns;
  const component = new GatewayFunction(scope, { deployment, folder: 'publish-directory', settings });
  directory.grantPublish(component);
  views.grantPublish(component);
  bucket.grantWrite(component, ['settings']);
  // The full pass looks whether each set is there, and whole.
  bucket.grantRead(component, ['settings']);
  // Sets of settings that were left behind.
  bucket.grantDelete(component, ['settings']);
  grantSecretNames(component, deployment.stackName);
  // It sends nothing: it warns of routes that need what is not deployed.
  queues.name(component, 'direct');
  readChanges(component, nouns);
  runEvery(component, Duration.minutes(15), { kind: 'full-pass' });
  return component;
}

function readChanges(component: GatewayFunction, { deployment, directory }: Nouns): void {
  const dead = deadLetterQueue(component, 'Dead', `${deployment.stackName}-directory-dead`);
  allow(component, { actions: ['sqs:SendMessage'], resources: [dead.queueArn] });
  new EventSourceMapping(component, 'Changes', {
    target: component.lambda,
    eventSourceArn: directory.streamArn,
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize: settings.batchSize,
    bisectBatchOnError: true,
    retryAttempts: 10,
    reportBatchItemFailures: true,
    onFailure: { bind: () => ({ destination: dead.queueArn }) },
  });
}
