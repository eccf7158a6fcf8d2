/**
 * Where the listener stands: two public subnets, S3 and DynamoDB by gateway endpoints; or a network that is given, which
 * is taken as it is. No NAT unless direct sending is on: then private subnets behind one NAT gateway, whose address gets
 * the PTR record. Dual-stack makes public subnets with IPv6 for the load balancer's sake.
 */
import { Annotations, CfnOutput } from 'aws-cdk-lib';
import {
  CfnEIP,
  GatewayVpcEndpointAwsService,
  IpProtocol,
  NatProvider,
  SecurityGroup,
  SubnetType,
  Vpc,
  type ISecurityGroup,
  type IVpc,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { allow, type Component } from './component.ts';
import type { Deployment, GivenVpc } from './deployment.ts';

export class Network extends Construct {
  readonly vpc: IVpc;
  /** Where direct sending stands; undefined where it is off, and on one machine. */
  readonly direct: { vpc: IVpc; securityGroups: ISecurityGroup[] } | undefined;

  /** Where direct mail comes from, in a network of the stack's own. */
  directAddress: string | undefined;

  constructor(scope: Construct, { directSending, dualStack, vpc, local }: Deployment) {
    super(scope, 'Network');
    const behindNat = directSending && !local;
    this.vpc = vpc ? this.given(vpc) : this.own(behindNat, dualStack);
    this.direct = behindNat ? { vpc: this.vpc, securityGroups: [this.outward()] } : undefined;
  }

  /** Lambda makes network interfaces under the function's own role; these actions know no narrower resource. */
  grantInterfaces(component: Component): void {
    allow(component, {
      actions: [
        'ec2:AssignPrivateIpAddresses',
        'ec2:CreateNetworkInterface',
        'ec2:DeleteNetworkInterface',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSubnets',
        'ec2:UnassignPrivateIpAddresses',
      ],
      resources: ['*'],
    });
  }

  private given({ id, zones, publicSubnets, directSubnets }: GivenVpc): IVpc {
    const vpc = Vpc.fromVpcAttributes(this, 'Vpc', {
      vpcId: id,
      availabilityZones: [...zones],
      publicSubnetIds: [...publicSubnets],
      ...(directSubnets && { privateSubnetIds: [...directSubnets] }),
    });
    // Nothing here asks for the route tables of its subnets.
    for (const subnet of [...vpc.publicSubnets, ...vpc.privateSubnets])
      Annotations.of(subnet).acknowledgeWarning('@aws-cdk/aws-ec2:noSubnetRouteTableId');
    return vpc;
  }

  private own(behindNat: boolean, dualStack: boolean): IVpc {
    return new Vpc(this, 'Vpc', {
      maxAzs: 2,
      restrictDefaultSecurityGroup: false,
      ...(dualStack && { ipProtocol: IpProtocol.DUAL_STACK }),
      ...(behindNat ? this.nat() : { natGateways: 0 }),
      subnetConfiguration: [
        { name: 'public', subnetType: SubnetType.PUBLIC, cidrMask: 20, mapPublicIpOnLaunch: false },
        ...(behindNat ? [{ name: 'direct', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 20 }] : []),
      ],
      gatewayEndpoints: {
        S3: { service: GatewayVpcEndpointAwsService.S3 },
        DynamoDb: { service: GatewayVpcEndpointAwsService.DYNAMODB },
      },
    });
  }

  /** One address for everything that leaves: receivers judge it, and it needs a PTR record. */
  private nat() {
    const address = new CfnEIP(this, 'DirectAddress', { domain: 'vpc' });
    this.directAddress = address.attrPublicIp;
    new CfnOutput(this, 'DirectAddressOutput', {
      key: 'DirectAddress',
      description: 'Ask AWS for a PTR record from this address to the host name of direct sending',
      value: address.attrPublicIp,
    });
    new CfnOutput(this, 'SpfOutput', {
      key: 'Spf',
      description: 'TXT record of every domain that mail leaves from directly; add what else sends for it',
      value: `v=spf1 ip4:${address.attrPublicIp} -all`,
    });
    return {
      natGateways: 1,
      natGatewayProvider: NatProvider.gateway({ eipAllocationIds: [address.attrAllocationId] }),
    };
  }

  private outward(): SecurityGroup {
    return new SecurityGroup(this, 'Direct', { vpc: this.vpc, description: 'Direct sending: outward only' });
  }
}
