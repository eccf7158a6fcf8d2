/** The listener's container, built from listener/Dockerfile for ARM64. */
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { ContainerImage, type AssetImage } from 'aws-cdk-lib/aws-ecs';
import { sourceRoot } from './source-root.ts';

/** Only what the image is made from counts towards its hash. */
const exclude = ['*', '!package.json', '!package-lock.json', '!mail', '!aws', '!listener'];

export function listenerImage(): AssetImage {
  return ContainerImage.fromAsset(sourceRoot, {
    file: 'listener/Dockerfile',
    platform: Platform.LINUX_ARM64,
    exclude,
  });
}
