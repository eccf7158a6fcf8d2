/**
 * The SMTP server: a Fargate service behind a network load balancer that keeps the clients' addresses. Rolling
 * deploys drop no session: a stopping task is deregistered for 180 s and has 120 s after SIGTERM to finish DATA.
 */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { SecurityGroup, SubnetType } from 'aws-cdk-lib/aws-ec2';
import {
  Cluster,
  ContainerImage,
  CpuArchitecture,
  FargateService,
  FargateTaskDefinition,
  LogDrivers,
  OperatingSystemFamily,
  type ContainerDefinition,
} from 'aws-cdk-lib/aws-ecs';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Variable } from '../aws/variables.ts';
import { settings } from '../listener/settings.ts';
import { allow, give, missingVariables, type Component } from './component.ts';
import { componentVariables, type Deployment } from './deployment.ts';
import { Entrance, entrances, healthPort } from './entrance.ts';
import { listenerImage } from './listener-image.ts';
import type { Nouns } from './nouns.ts';
import { grantSecret } from './secrets.ts';

const staging = '/staging';

export class Listener extends Construct implements Component {
  readonly role: Role;
  readonly needs: readonly Variable[] = settings.variables;
  readonly service: FargateService;
  readonly entrance: Entrance;
  readonly logGroup: LogGroup;
  private readonly container: ContainerDefinition;

  constructor(scope: Construct, nouns: Nouns) {
    super(scope, 'Listener');
    const { deployment, network } = nouns;
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com') });
    this.logGroup = this.log(deployment);
    const task = this.task(deployment);
    this.container = this.mainContainer(task, deployment);
    this.grantAll(nouns);
    this.node.addValidation({ validate: () => missingVariables(this, 'listener') });
    const securityGroup = new SecurityGroup(this, 'Tasks', {
      vpc: network.vpc,
      description: 'Postern listener',
    });
    this.service = this.run(task, nouns, securityGroup);
    const { dualStack } = deployment;
    const { vpc } = network;
    this.entrance = new Entrance(this, { vpc, dualStack, service: this.service, tasks: securityGroup });
  }

  setVariable(name: string, value: string): void {
    this.container.addEnvironment(name, value);
  }

  private grantAll({ deployment, views, spool, bucket, queues }: Nouns): void {
    give(this, 'server', deployment.server);
    for (const [variable, value] of componentVariables(deployment)) this.setVariable(variable, value);
    views.grantLookUps(this);
    spool.grantLocks(this);
    bucket.grantRead(this, ['settings']);
    bucket.grantUpload(this, ['spool']);
    bucket.grantWrite(this, ['envelopes']);
    queues.grantSend(this, ['route']);
    grantSecret(this, deployment.stackName, deployment.certificateSecret);
    const { certificateArn } = deployment;
    if (certificateArn !== '')
      allow(this, { actions: ['acm:ExportCertificate'], resources: [certificateArn] });
  }

  private task({ stackName, listenerCpu, listenerMemoryMb }: Deployment): FargateTaskDefinition {
    return new FargateTaskDefinition(this, 'Task', {
      family: `${stackName}-listener`,
      cpu: listenerCpu,
      memoryLimitMiB: listenerMemoryMb,
      runtimePlatform: {
        cpuArchitecture: CpuArchitecture.ARM64,
        operatingSystemFamily: OperatingSystemFamily.LINUX,
      },
      taskRole: this.role,
      volumes: [{ name: 'staging' }],
    });
  }

  private mainContainer(task: FargateTaskDefinition, deployment: Deployment): ContainerDefinition {
    const container = task.addContainer('Listener', {
      image: deployment.bundle ? listenerImage(this) : ContainerImage.fromRegistry('built-by-a-deployment'),
      readonlyRootFilesystem: true,
      user: 'node',
      stopTimeout: Duration.seconds(120),
      logging: LogDrivers.awsLogs({ streamPrefix: 'listener', logGroup: this.logGroup }),
      environment: {
        TMPDIR: staging,
        POWERTOOLS_SERVICE_NAME: 'listener',
        POWERTOOLS_METRICS_NAMESPACE: deployment.stackName,
        ...(deployment.certificateSecret && { CERTIFICATE_SECRET: deployment.certificateSecret }),
        ...(deployment.certificateArn && { CERTIFICATE_ARN: deployment.certificateArn }),
      },
      portMappings: [...entrances.map(({ port }) => port), healthPort].map((containerPort) => ({
        containerPort,
      })),
    });
    container.addMountPoints({ sourceVolume: 'staging', containerPath: staging, readOnly: false });
    return container;
  }

  private run(
    task: FargateTaskDefinition,
    { deployment, network }: Nouns,
    tasks: SecurityGroup,
  ): FargateService {
    return new FargateService(this, 'Service', {
      serviceName: `${deployment.stackName}-listener`,
      cluster: new Cluster(this, 'Cluster', { vpc: network.vpc }),
      taskDefinition: task,
      desiredCount: deployment.listenerTasks,
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { rollback: true },
      assignPublicIp: true,
      vpcSubnets: { subnetType: SubnetType.PUBLIC },
      securityGroups: [tasks],
    });
  }

  private log({ stackName, logDays }: Deployment): LogGroup {
    return new LogGroup(this, 'Log', {
      logGroupName: `/postern/${stackName}/listener`,
      retention: logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }
}
