/**
 * A Lambda function of the gateway: Node 24 on ARM64, traced unless switched off, its own role and log group, bundled by esbuild.
 * It has no rights but those that nouns grant it, and it must be given every variable its settings.ts names.
 */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IVpc, ISecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  Code,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
  Tracing,
  Function as Lambda,
  type CfnFunction,
  type FunctionProps,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Variable } from '../aws/variables.ts';
import { bundledFunction, entryOf } from './bundle.ts';
import { allow, give, missingVariables, type Component } from './component.ts';
import { pascalCase } from './construct-id.ts';
import { componentVariables, type Deployment } from './deployment.ts';

export interface GatewayFunctionProps {
  readonly deployment: Deployment;
  /** Folder below functions/ whose handler.ts is the entry. */
  readonly folder: string;
  /** Name after `<stack>-`; the folder's where one deployment of it exists. */
  readonly name?: string;
  readonly settings: { timeoutSeconds: number; memoryMb: number; variables: readonly Variable[] };
  readonly network?: { vpc: IVpc; securityGroups: ISecurityGroup[] };
}

export class GatewayFunction extends Construct implements Component {
  readonly name: string;
  readonly lambda: Lambda;
  readonly role: Role;
  readonly logGroup: LogGroup;
  readonly needs: readonly Variable[];

  constructor(scope: Construct, props: GatewayFunctionProps) {
    const name = props.name ?? props.folder;
    super(scope, pascalCase(name));
    this.name = name;
    this.needs = props.settings.variables;
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    this.logGroup = this.log(props.deployment);
    this.lambda = new Lambda(this, 'Function', {
      ...this.described(props),
      ...(props.network && { vpc: props.network.vpc, securityGroups: props.network.securityGroups }),
    });
    (this.lambda.node.defaultChild as CfnFunction).addMetadata('postern:entry', entryOf(props.folder));
    give(this, 'server', props.deployment.server);
    for (const [variable, value] of componentVariables(props.deployment)) this.setVariable(variable, value);
    this.node.addValidation({ validate: () => missingVariables(this, props.folder) });
  }

  setVariable(name: string, value: string): void {
    this.lambda.addEnvironment(name, value);
  }

  private described(props: GatewayFunctionProps): FunctionProps {
    const { deployment, settings } = props;
    return {
      code: code(props),
      handler: 'index.handler',
      functionName: `${deployment.stackName}-${this.name}`,
      role: this.role,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      timeout: Duration.seconds(settings.timeoutSeconds),
      memorySize: settings.memoryMb,
      tracing: deployment.tracing ? Tracing.ACTIVE : Tracing.DISABLED,
      logGroup: this.logGroup,
      ...wordsOfItsOwn,
      environment: { POWERTOOLS_SERVICE_NAME: this.name, POWERTOOLS_METRICS_NAMESPACE: deployment.stackName },
    };
  }

  private log({ stackName, logDays }: Deployment): LogGroup {
    const group = new LogGroup(this, 'Log', {
      logGroupName: `/aws/lambda/${stackName}-${this.name}`,
      retention: logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    allow(this, { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [group.logGroupArn] });
    return group;
  }
}

/**
 * Lambda's three lines about each invocation are more than a message's own. Only JSON lets them be left out; what failed
 * or ran out of time is still told, at level WARN.
 */
const wordsOfItsOwn = {
  loggingFormat: LoggingFormat.JSON,
  systemLogLevelV2: SystemLogLevel.WARN,
  applicationLogLevelV2: ApplicationLogLevel.INFO,
};

/** A placeholder where only the template is wanted. */
const code = ({ deployment, folder }: GatewayFunctionProps): Code =>
  deployment.bundle ? Code.fromAsset(bundledFunction(folder)) : Code.fromInline('// bundled by a deployment');
