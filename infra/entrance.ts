/**
 * The load balancer: ports 25, 465 and 587 of the Internet to the listener's own. Clients' addresses are kept;
 * connections of a task that turns unhealthy are not cut but drained.
 */
import { CfnOutput, Duration } from 'aws-cdk-lib';
import { Peer, Port, SecurityGroup, SubnetType, type IVpc } from 'aws-cdk-lib/aws-ec2';
import type { FargateService } from 'aws-cdk-lib/aws-ecs';
import {
  IpAddressType,
  NetworkLoadBalancer,
  Protocol,
  type NetworkTargetGroup,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';

/** Non-root processes listen above 1024; the load balancer shows the ports that clients know. */
export const entrances = [
  { name: 'Smtp', outside: 25, port: 2525 },
  { name: 'Smtps', outside: 465, port: 2465 },
  { name: 'Submission', outside: 587, port: 2587 },
] as const;
export const healthPort = 8080;

type EntranceOf = (typeof entrances)[number];

export interface EntranceProps {
  readonly vpc: IVpc;
  readonly dualStack: boolean;
  readonly service: FargateService;
  readonly tasks: SecurityGroup;
}

export class Entrance extends Construct {
  readonly balancer: NetworkLoadBalancer;
  readonly targets: NetworkTargetGroup[];

  constructor(scope: Construct, { vpc, dualStack, service, tasks }: EntranceProps) {
    super(scope, 'Entrance');
    const outside = new SecurityGroup(this, 'Outside', {
      vpc,
      description: 'SMTP clients',
      allowAllOutbound: false,
    });
    this.balancer = new NetworkLoadBalancer(this, 'Balancer', {
      vpc,
      internetFacing: true,
      crossZoneEnabled: true,
      securityGroups: [outside],
      vpcSubnets: { subnetType: SubnetType.PUBLIC },
      ...(dualStack && { ipAddressType: IpAddressType.DUAL_STACK }),
    });
    for (const peer of [Peer.anyIpv4(), ...(dualStack ? [Peer.anyIpv6()] : [])])
      for (const entrance of entrances)
        outside.addIngressRule(peer, Port.tcp(entrance.outside), entrance.name);
    for (const port of [...entrances.map((entrance) => entrance.port), healthPort])
      connect(outside, tasks, Port.tcp(port));
    this.targets = entrances.map((entrance) => this.open(entrance, service, dualStack));
    new CfnOutput(this, 'MxTargetOutput', {
      key: 'MxTarget',
      description:
        'Give the host name of the Server document an alias record (no CNAME) to this; MX records name the host name',
      value: this.balancer.loadBalancerDnsName,
    });
  }

  private open(
    { name, outside, port }: EntranceOf,
    service: FargateService,
    dualStack: boolean,
  ): NetworkTargetGroup {
    const listener = this.balancer.addListener(name, {
      port: outside,
      tcpIdleTimeout: Duration.seconds(600),
    });
    const targets = listener.addTargets(name, {
      targets: [service.loadBalancerTarget({ containerName: 'Listener', containerPort: port })],
      port,
      protocol: Protocol.TCP,
      preserveClientIp: !dualStack,
      deregistrationDelay: Duration.seconds(180),
      healthCheck: {
        protocol: Protocol.HTTP,
        port: String(healthPort),
        path: '/health',
        interval: Duration.seconds(10),
        healthyThresholdCount: 2,
        unhealthyThresholdCount: 2,
      },
    });
    targets.setAttribute('deregistration_delay.connection_termination.enabled', 'false');
    targets.setAttribute('target_health_state.unhealthy.connection_termination.enabled', 'false');
    targets.setAttribute('target_health_state.unhealthy.draining_interval_seconds', '120');
    if (dualStack) sayAddresses(targets);
    return targets;
  }
}

/**
 * A load balancer for both families cannot keep the clients' addresses; it says them before anything else, and at once:
 * by default it waits for the client's first octets, which in SMTP come after the server's.
 */
function sayAddresses(targets: NetworkTargetGroup): void {
  targets.setAttribute('proxy_protocol_v2.enabled', 'true');
  targets.setAttribute('proxy_protocol_v2.client_to_server.header_placement', 'on_first_ack');
}

function connect(outside: SecurityGroup, tasks: SecurityGroup, port: Port): void {
  tasks.addIngressRule(outside, port, 'From the load balancer');
  outside.addEgressRule(tasks, port, 'To the listener');
}
