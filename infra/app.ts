/** What `cdk synth` and `cdk deploy` run: the stack with the settings of cdk.json. Wrong ones end it with their sentences. */
import { App } from 'aws-cdk-lib';
import { acknowledge } from './acknowledgements.ts';
import { readDeployment, type Deployment } from './deployment.ts';
import { featureFlags } from './feature-flags.ts';
import { PosternStack } from './stack.ts';

const app = new App({ context: featureFlags });
acknowledge(new PosternStack(app, deployment()));

function deployment(): Deployment {
  try {
    return readDeployment((key) => app.node.tryGetContext(key) as unknown);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}
