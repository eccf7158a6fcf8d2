/** What values settings of cdk.json may have; deployment.ts names the settings, and says what would be right. */
export type Check = (value: unknown) => boolean;
export const matches =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value);
export const oneOf =
  (allowed: readonly unknown[]): Check =>
  (value) =>
    allowed.includes(value);
export const resolver = /^(\d{1,3}(\.\d{1,3}){3}(:\d{1,5})?|\[[0-9a-fA-F:]+\](:\d{1,5})?)$/;
export const hostName = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/i;
export const acmArn = /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[0-9a-f-]+$/;
export const wholeNumber =
  (from: number, to: number): Check =>
  (value) =>
    Number.isInteger(value) && Number(value) >= from && Number(value) <= to;

export function isVpc(value: unknown): boolean {
  const { id, zones, publicSubnets, directSubnets, ...rest } = (value ?? {}) as Record<string, unknown>;
  const oneInEach = (subnets: unknown): boolean =>
    Array.isArray(subnets) &&
    Array.isArray(zones) &&
    subnets.length === zones.length &&
    subnets.every(matches(/^subnet-([0-9a-f]{8}|[0-9a-f]{17})$/));
  return (
    matches(/^vpc-([0-9a-f]{8}|[0-9a-f]{17})$/)(id) &&
    Array.isArray(zones) &&
    zones.length > 0 &&
    zones.every(matches(/^[a-z0-9-]+$/)) &&
    oneInEach(publicSubnets) &&
    (directSubnets === undefined || oneInEach(directSubnets)) &&
    Object.keys(rest).length === 0
  );
}

/** What CloudWatch Logs accepts. */
export const logDays = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731];
