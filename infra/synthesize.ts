/** The template without the cdk command: for tests, and for the gateway on one machine. Nothing is bundled. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { readDeployment } from './deployment.ts';
import { featureFlags } from './feature-flags.ts';
import { sourceRoot } from './source-root.ts';
import { PosternStack } from './stack.ts';

export interface Template {
  readonly Resources: Record<string, Resource>;
  readonly Outputs?: Record<string, { Value: unknown }>;
}
export interface Resource {
  readonly Type: string;
  readonly Properties?: Record<string, unknown>;
  readonly Metadata?: Record<string, unknown>;
  readonly [attribute: string]: unknown;
}

/** `context` goes over that of cdk.json: `{ local: true }`, `{ postern: { directSending: true } }`. */
export async function synthesize(context: Record<string, unknown>): Promise<Template> {
  const outdir = await mkdtemp(join(tmpdir(), 'postern-synth-'));
  try {
    const app = new App({
      outdir,
      context: { ...featureFlags, ...(await contextOfCdkJson()), bundle: false, ...context },
      analyticsReporting: false,
      treeMetadata: false,
    });
    const stack = new PosternStack(
      app,
      readDeployment((key) => app.node.tryGetContext(key) as unknown),
    );
    return app.synth().getStackByName(stack.stackName).template as Template;
  } finally {
    await rm(outdir, { recursive: true });
  }
}

async function contextOfCdkJson(): Promise<Record<string, unknown>> {
  const text = await readFile(join(sourceRoot, 'cdk.json'), 'utf8');
  return (JSON.parse(text) as { context: Record<string, unknown> }).context;
}
