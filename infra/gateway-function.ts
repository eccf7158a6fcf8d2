/**
 * A Lambda function of the gateway: Node 24 on ARM64, traced, its own role and log group, bundled by esbuild.
 * It has no rights but those that nouns grant it, and it must be given every variable its settings.ts names.
 */
import { join } from 'node:path';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IVpc, ISecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  Runtime,
  Tracing,
  type CfnFunction,
  type Function as Lambda,
} from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat, type NodejsFunctionProps } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Variable } from '../aws/variables.ts';
import { allow, give, missingVariables, type Component } from './component.ts';
import { pascalCase } from './construct-id.ts';
import { componentVariables, type Deployment } from './deployment.ts';
import { sourceRoot } from './source-root.ts';

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
    this.lambda = new NodejsFunction(this, 'Function', {
      ...this.described(props),
      ...code(props),
      ...(props.network && { vpc: props.network.vpc, securityGroups: props.network.securityGroups }),
    });
    (this.lambda.node.defaultChild as CfnFunction).addMetadata('postern:entry', entry(props));
    give(this, 'server', props.deployment.server);
    for (const [variable, value] of componentVariables(props.deployment)) this.setVariable(variable, value);
    this.node.addValidation({ validate: () => missingVariables(this, props.folder) });
  }

  setVariable(name: string, value: string): void {
    this.lambda.addEnvironment(name, value);
  }

  private described({ deployment, settings }: GatewayFunctionProps): NodejsFunctionProps {
    return {
      functionName: `${deployment.stackName}-${this.name}`,
      role: this.role,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      timeout: Duration.seconds(settings.timeoutSeconds),
      memorySize: settings.memoryMb,
      tracing: Tracing.ACTIVE,
      logGroup: this.logGroup,
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

/** Bundled CommonJS packages ask for Node's own modules through it. */
export const requireBanner =
  "import{createRequire as postern}from'node:module';const require=postern(import.meta.url);";

const entry = ({ folder }: GatewayFunctionProps): string => `functions/${folder}/handler.ts`;

/** The SDK is bundled: it starts faster than Lambda's own, and is the one that was tested. */
function code(props: GatewayFunctionProps): NodejsFunctionProps {
  if (!props.deployment.bundle)
    return { code: Code.fromInline('// bundled by a deployment'), handler: 'index.handler' };
  return {
    entry: join(sourceRoot, entry(props)),
    projectRoot: sourceRoot,
    depsLockFilePath: join(sourceRoot, 'package-lock.json'),
    bundling: {
      format: OutputFormat.ESM,
      target: 'node24',
      minify: true,
      bundleAwsSDK: true,
      mainFields: ['module', 'main'],
      banner: requireBanner,
    },
  };
}
