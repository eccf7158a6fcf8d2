/** Secrets `<stack>/NAME` that the administrator makes: relay host credentials, DKIM keys, the certificate. */
import { Aws } from 'aws-cdk-lib';
import { allow, give, type Component } from './component.ts';

export function grantSecrets(component: Component, stackName: string): void {
  give(component, 'secretPrefix', `${stackName}/`);
  allow(component, {
    actions: ['secretsmanager:GetSecretValue'],
    resources: [`arn:${Aws.PARTITION}:secretsmanager:${Aws.REGION}:${Aws.ACCOUNT_ID}:secret:${stackName}/*`],
  });
}
