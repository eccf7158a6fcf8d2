/** Secrets `<stack>/NAME` that the administrator makes: relay host credentials, DKIM keys, the certificate. */
import { Aws } from 'aws-cdk-lib';
import { allow, give, type Component } from './component.ts';

/** All below the stack's prefix, since documents choose their names. */
export function grantSecrets(component: Component, stackName: string): void {
  permit(component, 'secretsmanager:GetSecretValue', `${stackName}/*`);
  give(component, 'secretPrefix', `${stackName}/`);
}

/** One secret, none where its name is empty; Secrets Manager adds a hyphen and six characters to names. */
export function grantSecret(component: Component, stackName: string, name: string): void {
  if (name !== '') permit(component, 'secretsmanager:GetSecretValue', `${stackName}/${name}-??????`);
  give(component, 'secretPrefix', `${stackName}/`);
}

/** Whether there is a secret of that name, not what it says. */
export function grantSecretNames(component: Component, stackName: string): void {
  permit(component, 'secretsmanager:DescribeSecret', `${stackName}/*`);
  give(component, 'secretPrefix', `${stackName}/`);
}

function permit(component: Component, action: string, name: string): void {
  allow(component, {
    actions: [action],
    resources: [`arn:${Aws.PARTITION}:secretsmanager:${Aws.REGION}:${Aws.ACCOUNT_ID}:secret:${name}`],
  });
}
