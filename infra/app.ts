/** What `cdk synth` and `cdk deploy` run: the stack with the settings of cdk.json. */
import { App } from 'aws-cdk-lib';
import { acknowledge } from './acknowledgements.ts';
import { readDeployment } from './deployment.ts';
import { featureFlags } from './feature-flags.ts';
import { PosternStack } from './stack.ts';

const app = new App({ context: featureFlags });
const stack = new PosternStack(
  app,
  readDeployment((key) => app.node.tryGetContext(key) as unknown),
);
acknowledge(stack);
