/** Each minute: wakes what is due in the spool, holds what a person asked to hold, lets go of copies nothing needs. */
import { Duration } from 'aws-cdk-lib';
import { settings } from '../functions/retry-deferred/settings.ts';
import type { Construct } from 'constructs';
import { GatewayFunction } from './gateway-function.ts';
import type { Nouns } from './nouns.ts';
import { runEvery } from './schedule.ts';

export function retryDeferred(
  scope: Construct,
  { deployment, views, spool, bucket, queues }: Nouns,
): GatewayFunction {
  const component = new GatewayFunction(scope, { deployment, folder: 'retry-deferred', settings });
  views.grantSettings(component);
  spool.grantSweep(component);
  bucket.grantRead(component, ['settings', 'spool']);
  bucket.grantWrite(component, ['kept']);
  bucket.grantDelete(component, ['kept']);
  queues.grantSend(component, ['route', 'deliver', 'relay', 'direct', 'report']);
  runEvery(component, Duration.minutes(1), { kind: 'sweep' });
  return component;
}
