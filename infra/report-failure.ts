/** Writes the DSN a sender is owed and spools it like any message. */
import { settings } from '../functions/report-failure/settings.ts';
import type { Construct } from 'constructs';
import { GatewayFunction } from './gateway-function.ts';
import type { Nouns } from './nouns.ts';

export function reportFailure(
  scope: Construct,
  { deployment, views, spool, bucket, queues }: Nouns,
): GatewayFunction {
  const component = new GatewayFunction(scope, { deployment, folder: 'report-failure', settings });
  views.grantSettings(component);
  spool.grantReport(component);
  spool.grantTlsCounts(component);
  bucket.grantRead(component, ['spool', 'kept', 'settings']);
  bucket.grantWrite(component, ['spool', 'kept']);
  queues.grantSend(component, ['route']);
  queues.report.feed(component);
  queues.report.grantPostpone(component);
  return component;
}
