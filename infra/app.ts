/** What `cdk synth` and `cdk deploy` run: the stack with the settings of cdk.json. Wrong ones end it with their sentences. */
import { App } from 'aws-cdk-lib';
import { acknowledge } from './acknowledgements.ts';
import { readDeployment, WrongSettings } from './deployment.ts';
import { featureFlags } from './feature-flags.ts';
import { PosternStack } from './stack.ts';

const app = new App({ context: featureFlags });
try {
  const deployment = readDeployment((key) => app.node.tryGetContext(key) as unknown);
  acknowledge(new PosternStack(app, deployment));
} catch (error) {
  if (!(error instanceof WrongSettings)) throw error;
  console.error(error.message);
  process.exit(1);
}
