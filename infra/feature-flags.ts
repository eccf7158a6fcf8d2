/** The CDK's own advice for new apps, as the pinned version gives it; without it the cdk command mentions every flag. */
import { createRequire } from 'node:module';

export const featureFlags = createRequire(import.meta.url)(
  'aws-cdk-lib/recommended-feature-flags.json',
) as Readonly<Record<string, unknown>>;
