/**
 * Carries mail outward. Deployed once for what Lambda reaches by itself (SES, public hosts on ports other than
 * 25), and where direct sending is on a second time, in private subnets whose NAT has a fixed address.
 */
import { settings } from '../functions/relay-outbound/settings.ts';
import type { Construct } from 'constructs';
import { GatewayFunction } from './gateway-function.ts';
import type { Nouns } from './nouns.ts';
import { grantSecrets } from './secrets.ts';

export function relayOutbound(scope: Construct, nouns: Nouns): GatewayFunction {
  const { deployment, queues } = nouns;
  const component = new GatewayFunction(scope, { deployment, folder: 'relay-outbound', settings });
  grantRelaying(component, nouns, 'relay');
  nouns.sesEvents.grantSend(component);
  queues.relay.feed(component);
  return component;
}

export function directOutbound(scope: Construct, nouns: Nouns): GatewayFunction | undefined {
  const { deployment, network, queues } = nouns;
  if (queues.direct === undefined) return undefined;
  const component = new GatewayFunction(scope, {
    deployment,
    folder: 'relay-outbound',
    name: 'direct-outbound',
    settings,
    ...(network.direct && { network: network.direct }),
  });
  if (network.direct) network.grantInterfaces(component);
  grantRelaying(component, nouns, 'direct');
  queues.direct.feed(component);
  return component;
}

/** A worker calls for help, and for another when its time ends, in its own queue; the other's is only named to it. */
function grantRelaying(
  component: GatewayFunction,
  { deployment, views, spool, bucket, queues }: Nouns,
  own: 'relay' | 'direct',
): void {
  views.grantSettings(component);
  spool.grantHops(component);
  bucket.grantRead(component, ['spool', 'settings']);
  bucket.grantWrite(component, ['kept']);
  grantSecrets(component, deployment.stackName);
  queues.grantSend(component, ['report', own]);
  queues.name(component, own === 'relay' ? 'direct' : 'relay');
}
