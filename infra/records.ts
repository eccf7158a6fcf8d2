/** Outputs that spell the DNS records of the host names in cdk.json: what to write where, without a look at the docs. */
import { CfnOutput } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Listener } from './listener.ts';
import type { Nouns } from './nouns.ts';

export function spellRecords(scope: Construct, { deployment, network }: Nouns, listener: Listener): void {
  const { hostNames } = deployment;
  const [first] = hostNames;
  if (first === undefined) return;
  const target = listener.entrance.balancer.loadBalancerDnsName;
  new CfnOutput(scope, 'Records', {
    description:
      'At your DNS: an alias record for each host name, and MX records of your domains that name the first',
    value: [...hostNames.map((name) => `${name} ALIAS ${target}`), `MX 10 ${first}`].join('; '),
  });
  if (network.directAddress === undefined) return;
  new CfnOutput(scope, 'Ptr', {
    description: 'Ask AWS for this record of the address of direct sending',
    value: `${network.directAddress} PTR ${first}`,
  });
}
