/**
 * A component's environment: what the template gives it, this machine's services in place of AWS, and the settings
 * of `npm start`. Nothing of the shell's own environment reaches a component.
 */
import type { Options } from './options.ts';
import type { ServiceEndpoints } from './services/services.ts';
import { account, region } from './template.ts';
import type { Component, LambdaFunction } from './wiring.ts';

export function componentEnvironment(
  component: Component,
  options: Options,
  services: ServiceEndpoints,
): Record<string, string> {
  return {
    ...component.environment,
    POSTERN_SERVER: options.server,
    POSTERN_LOCAL: '1',
    ...options.tuning,
    ...credentials,
    ...compileCache,
    AWS_ENDPOINT_URL_DYNAMODB: services.dynamodb,
    AWS_ENDPOINT_URL_SQS: services.sqs,
    AWS_ENDPOINT_URL_S3: services.s3,
    AWS_ENDPOINT_URL_SES: services.ses,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: services.secretsManager,
  };
}

/** Where the start keeps compiled code, if anywhere. */
const compileCache: Record<string, string> = process.env['NODE_COMPILE_CACHE']
  ? { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] }
  : {};

/** Any non-empty pair will do. */
const credentials = {
  AWS_REGION: region,
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_ACCOUNT_ID: account,
  AWS_EC2_METADATA_DISABLED: 'true',
};

export function functionEnvironment(
  lambda: LambdaFunction,
  options: Options,
  services: ServiceEndpoints,
): Record<string, string> {
  return {
    ...componentEnvironment(lambda, options, services),
    AWS_LAMBDA_FUNCTION_NAME: lambda.arn.replace(/^.*:/, ''),
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(lambda.memoryMb),
    POSTERN_FUNCTION_ARN: lambda.arn,
  };
}
