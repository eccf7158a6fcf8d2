/**
 * The listener's image: listener/Dockerfile beside one bundled file, so that building it needs a base and no
 * package registry. `contextOfImage` fills that folder; the CDK builds it for ARM64.
 */
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FileSystem } from 'aws-cdk-lib';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { ContainerImage } from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import { bundleListener } from './bundle.ts';
import { sourceRoot } from './source-root.ts';

export function contextOfImage(folder: string): void {
  bundleListener(folder);
  copyFileSync(join(sourceRoot, 'listener', 'Dockerfile'), join(folder, 'Dockerfile'));
}

export function listenerImage(scope: Construct): ContainerImage {
  const directory = FileSystem.mkdtemp('postern-listener-');
  contextOfImage(directory);
  const asset = new DockerImageAsset(scope, 'Image', { directory, platform: Platform.LINUX_ARM64 });
  rmSync(directory, { recursive: true });
  return ContainerImage.fromDockerImageAsset(asset);
}
