/** Decides each message's plan once and hands out the work. */
import { settings } from '../functions/route-mail/settings.ts';
import type { Construct } from 'constructs';
import { GatewayFunction } from './gateway-function.ts';
import type { Nouns } from './nouns.ts';

export function routeMail(
  scope: Construct,
  { deployment, views, spool, bucket, queues }: Nouns,
): GatewayFunction {
  const component = new GatewayFunction(scope, { deployment, folder: 'route-mail', settings });
  views.grantLookUps(component);
  spool.grantPlan(component);
  bucket.grantRead(component, ['spool', 'kept', 'settings', 'plans', 'envelopes']);
  bucket.grantWrite(component, ['spool', 'plans', 'kept']);
  queues.grantSend(component, ['deliver', 'relay', 'direct', 'report']);
  queues.route.feed(component);
  queues.route.grantPostpone(component);
  return component;
}
