/** cdk-nag's AwsSolutions pack finds what is acknowledged with a reason, and nothing else: no finding without, no reason left over. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { acknowledge, acknowledgements } from '../../infra/acknowledgements.ts';
import { readDeployment } from '../../infra/deployment.ts';
import { featureFlags } from '../../infra/feature-flags.ts';
import { PosternStack } from '../../infra/stack.ts';

interface Report {
  readonly pluginReports: readonly { readonly violations: readonly { readonly ruleName: string }[] }[];
}

const context: Record<string, unknown> = {
  bundle: false,
  postern: { directSending: true, alarmAddress: 'operations@acme.example' },
};

function app(outdir: string): { app: App; stack: PosternStack } {
  const app = new App({ outdir, context: featureFlags });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return {
    app,
    stack: new PosternStack(
      app,
      readDeployment((key) => context[key]),
    ),
  };
}

async function inFolder<T>(work: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-nag-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('the findings are those that have a reason', () =>
  inFolder(async (folder) => {
    assert.throws(() => app(folder).app.synth(), /Validation failed/);
    const report = JSON.parse(await readFile(join(folder, 'validation-report.json'), 'utf8')) as Report;
    const found = report.pluginReports.flatMap(({ violations }) =>
      violations.map(({ ruleName }) => ruleName),
    );
    const expected = acknowledgements('postern').map(([id]) => id);
    assert.deepEqual([...new Set(found)].sort(), expected.sort());
  }));

test('with their reasons, the stack passes', () =>
  inFolder((folder) => {
    const acknowledged = app(folder);
    acknowledge(acknowledged.stack);
    assert.doesNotThrow(() => acknowledged.app.synth());
  }));

test('a reason is a sentence', () => {
  for (const [id, reason] of acknowledgements('postern')) assert.match(reason, /^[A-Z].{20,}[.]$/, id);
});
