/** cfn-lint, where it is installed, has nothing to say about the template in any of its forms. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { synthesize } from '../../infra/synthesize.ts';

const installed = spawnSync('cfn-lint', ['--version']).status === 0;
const skip = installed ? false : 'cfn-lint is not installed (pip install cfn-lint)';

const forms: Readonly<Record<string, object>> = {
  everything: {
    directSending: true,
    dualStack: true,
    alarmAddress: 'operations@acme.example',
    certificateSecret: 'certificate',
    dnsServers: ['10.0.0.2'],
    dnssecResolver: '10.0.0.3:53',
  },
  'a given network': {
    vpc: {
      id: 'vpc-01234567',
      zones: ['eu-central-1a', 'eu-central-1b'],
      publicSubnets: ['subnet-00000001', 'subnet-00000002'],
      directSubnets: ['subnet-00000003', 'subnet-00000004'],
    },
    directSending: true,
    certificateArn: 'arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d',
  },
};

test('cfn-lint finds nothing', { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-lint-'));
  try {
    for (const [name, postern] of Object.entries(forms))
      writeFileSync(join(folder, `${name}.json`), JSON.stringify(await synthesize({ postern })));
    const files = Object.keys(forms).map((name) => join(folder, `${name}.json`));
    const { status, stdout, stderr } = spawnSync('cfn-lint', ['--regions', 'eu-central-1', '--', ...files], {
      encoding: 'utf8',
    });
    assert.equal(stdout + stderr, '');
    assert.equal(status, 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
