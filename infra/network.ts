/**
 * Where the listener stands: two public subnets, S3 and DynamoDB by gateway endpoints. No NAT unless direct
 * sending is on: then private subnets behind one NAT gateway, whose address gets the PTR record.
 */
import { CfnOutput } from 'aws-cdk-lib';
import {
  CfnEIP,
  GatewayVpcEndpointAwsService,
  NatProvider,
  SecurityGroup,
  SubnetType,
  Vpc,
  type ISecurityGroup,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { allow, type Component } from './component.ts';
import type { Deployment } from './deployment.ts';

export class Network extends Construct {
  readonly vpc: Vpc;
  /** Where direct sending stands; undefined where it is off, and on one machine. */
  readonly direct: { vpc: Vpc; securityGroups: ISecurityGroup[] } | undefined;

  constructor(scope: Construct, { directSending, local }: Deployment) {
    super(scope, 'Network');
    const behindNat = directSending && !local;
    this.vpc = new Vpc(this, 'Vpc', {
      maxAzs: 2,
      restrictDefaultSecurityGroup: false,
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

  /** One address for everything that leaves: receivers judge it, and it needs a PTR record. */
  private nat() {
    const address = new CfnEIP(this, 'DirectAddress', { domain: 'vpc' });
    new CfnOutput(this, 'DirectAddressOutput', {
      key: 'DirectAddress',
      description: 'Ask AWS for a PTR record from this address to the host name of direct sending',
      value: address.attrPublicIp,
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
