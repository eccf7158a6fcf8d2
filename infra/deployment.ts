/**
 * What an administrator may choose about a deployment: `context.postern` in cdk.json, and over it the entry of
 * `context.environments` named by `-c environment=NAME`. Wrong values end the synth, one sentence per mistake.
 * `-c local=true` is the gateway on one machine: direct sending on, no NAT, nothing bundled.
 */
import {
  acmArn,
  hostName,
  isVpc,
  logDays,
  matches,
  oneOf,
  resolver,
  wholeNumber,
  type Check,
} from './setting-checks.ts';

export interface Deployment {
  readonly stackName: string;
  /** Name of the Server document this stack runs. */
  readonly server: string;
  /** By which clients and other hosts know the listener; the first is the name of its address too. Outputs spell their records. */
  readonly hostNames: readonly string[];
  readonly directSending: boolean;
  /** IPv6 clients too; their addresses then come by PROXY v2. */
  readonly dualStack: boolean;
  /** One that is there already; undefined: the stack makes its own. */
  readonly vpc: GivenVpc | undefined;
  readonly dnsServers: readonly string[];
  /** `ip[:port]` of a validating resolver; empty: DANE is off. */
  readonly dnssecResolver: string;
  /** Domains that publish an address for it are told of TLS towards them once a day (RFC 8460). */
  readonly tlsReports: boolean;
  /** Name, below `<stack>/`, of the secret with the PEM certificate and key; empty: self-signed. */
  readonly certificateSecret: string;
  /** An exportable certificate of ACM in its place; empty: none. */
  readonly certificateArn: string;
  readonly alarmAddress: string;
  readonly listenerTasks: number;
  readonly listenerCpu: number;
  readonly listenerMemoryMb: number;
  readonly logDays: number;
  /** Functions are traced by X-Ray. */
  readonly tracing: boolean;
  readonly local: boolean;
  /** Off where only the template is wanted: functions and image carry a placeholder. */
  readonly bundle: boolean;
}

export interface GivenVpc {
  readonly id: string;
  readonly zones: readonly string[];
  /** One in each zone. */
  readonly publicSubnets: readonly string[];
  /** One in each zone, behind a NAT gateway; only for direct sending. */
  readonly directSubnets?: readonly string[];
}

/** Its message is for the person who wrote cdk.json. */
export class WrongSettings extends Error {
  override readonly name = 'WrongSettingsError';
}

type Choices = Omit<Deployment, 'local' | 'bundle'>;

const defaults: Choices = {
  stackName: 'postern',
  server: 'Mail1/Acme',
  hostNames: [],
  directSending: false,
  dualStack: false,
  vpc: undefined,
  dnsServers: [],
  dnssecResolver: '',
  tlsReports: true,
  certificateSecret: '',
  certificateArn: '',
  alarmAddress: '',
  listenerTasks: 2,
  listenerCpu: 256,
  listenerMemoryMb: 1024,
  logDays: 30,
  tracing: true,
};

const rules: Record<keyof Choices, readonly [Check, string]> = {
  stackName: [
    matches(/^[a-z][a-z0-9-]{0,29}$/),
    'lower-case letters, digits and hyphens, at most 30, a letter first',
  ],
  server: [matches(/^[^/\s][^/]*(\/[^/]+)*$/), 'the name of a Server document, such as Mail1/Acme'],
  hostNames: [
    (value) => Array.isArray(value) && value.every(matches(hostName)),
    'a list of full host names, such as ["mail.acme.example"]',
  ],
  directSending: [(value) => typeof value === 'boolean', 'true or false'],
  dualStack: [(value) => typeof value === 'boolean', 'true or false'],
  vpc: [
    (value) => value === undefined || isVpc(value),
    '{ "id": "vpc-…", "zones": […], "publicSubnets": [one "subnet-…" in each zone], "directSubnets": [the same, for direct sending] }',
  ],
  dnsServers: [
    (value) => Array.isArray(value) && value.every(matches(resolver)),
    'a list of addresses, such as ["10.0.0.2", "10.0.0.3:5353"]',
  ],
  dnssecResolver: [
    (value) => value === '' || matches(resolver)(value),
    'an address, such as 10.0.0.2:53, or empty',
  ],
  tlsReports: [(value) => typeof value === 'boolean', 'true or false'],
  certificateSecret: [
    matches(/^[A-Za-z0-9/_+=.@-]*$/),
    'the name of a secret, without the stack in front of it, or empty',
  ],
  certificateArn: [
    (value) => value === '' || matches(acmArn)(value),
    'the ARN of a certificate in ACM, such as arn:aws:acm:eu-central-1:123456789012:certificate/…, or empty',
  ],
  alarmAddress: [(value) => value === '' || matches(/^[^\s@]+@[^\s@]+$/)(value), 'a mail address, or empty'],
  listenerTasks: [wholeNumber(1, 100), 'a whole number from 1 to 100'],
  listenerCpu: [oneOf([256, 512, 1024, 2048, 4096]), '256, 512, 1024, 2048 or 4096'],
  listenerMemoryMb: [
    (value) => wholeNumber(512, 30_720)(value) && Number(value) % 512 === 0,
    'a multiple of 512 up to 30720',
  ],
  logDays: [oneOf(logDays), `one of ${logDays.join(', ')}`],
  tracing: [(value) => typeof value === 'boolean', 'true or false'],
};

export const settingNames: readonly string[] = Object.keys(rules);

export type ReadContext = (key: string) => unknown;

/** Throws one error that names every wrong setting, what it is and what would be right. */
export function readDeployment(read: ReadContext): Deployment {
  const local = [true, 'true'].includes(read('local') as boolean | string);
  const chosen = { ...record(read('postern'), 'postern'), ...environment(read) };
  const mistakes = Object.entries(chosen).flatMap(([name, value]) => mistake(name, value));
  const choices = { ...defaults, ...chosen } as Choices;
  if (mistakes.length === 0) mistakes.push(...togetherWrong(choices));
  if (mistakes.length > 0) throw new WrongSettings(`cdk.json: ${mistakes.join(' ')}`);
  return {
    ...choices,
    directSending: local || choices.directSending,
    // There is no ACM on one machine: the listener signs for itself.
    certificateArn: local ? '' : choices.certificateArn,
    local,
    bundle: !local && ![false, 'false'].includes(read('bundle') as boolean | string),
  };
}

/** Settings that are right alone and wrong beside each other. */
function togetherWrong(choices: Choices): string[] {
  const { vpc, directSending, dualStack, certificateSecret, certificateArn } = choices;
  const { listenerCpu, listenerMemoryMb } = choices;
  const [least, most] = memoryOf[listenerCpu] ?? [0, 0];
  return [
    ...(vpc && directSending && !vpc.directSubnets
      ? [
          'directSending is true, but vpc has no directSubnets; name private subnets that reach the Internet by NAT.',
        ]
      : []),
    ...(vpc && dualStack
      ? [
          'dualStack is true and vpc is given; a dual-stack load balancer is made only in a network of the stack’s own.',
        ]
      : []),
    ...(certificateSecret !== '' && certificateArn !== ''
      ? ['certificateSecret and certificateArn are both set; a listener has one certificate.']
      : []),
    ...(listenerMemoryMb < least || listenerMemoryMb > most
      ? [
          `listenerMemoryMb is ${listenerMemoryMb}; beside listenerCpu ${listenerCpu} Fargate takes ${least} to ${most}.`,
        ]
      : []),
  ];
}

/** MB that Fargate offers beside a CPU size. */
const memoryOf: Readonly<Record<number, readonly [least: number, most: number]>> = {
  256: [512, 2048],
  512: [1024, 4096],
  1024: [2048, 8192],
  2048: [4096, 16_384],
  4096: [8192, 30_720],
};

function environment(read: ReadContext): Record<string, unknown> {
  const name = read('environment') as string | undefined;
  if (name === undefined) return {};
  const known = record(read('environments'), 'environments');
  if (known[name] !== undefined) return record(known[name], `environments.${name}`);
  const names = Object.keys(known).join(', ') || 'none';
  throw new WrongSettings(`cdk.json: there is no environment "${name}"; context.environments has: ${names}.`);
}

function record(value: unknown, name: string): Record<string, unknown> {
  if (value === undefined) return {};
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new WrongSettings(`cdk.json: context.${name} must be an object of settings.`);
}

function mistake(name: string, value: unknown): string[] {
  const rule = rules[name as keyof Choices];
  if (rule === undefined)
    return [`There is no setting "${name}"; the settings are ${settingNames.join(', ')}.`];
  const [isRight, whatIsRight] = rule;
  return isRight(value) ? [] : [`${name} is ${JSON.stringify(value)}; it must be ${whatIsRight}.`];
}

/** Variables every component gets: resolvers where the system's are not meant. */
export function componentVariables({
  dnsServers,
  dnssecResolver,
  tlsReports,
}: Deployment): (readonly [string, string])[] {
  return [
    ...(dnsServers.length > 0 ? [['DNS_SERVERS', dnsServers.join(',')] as const] : []),
    ...(dnssecResolver === '' ? [] : [['DNSSEC_RESOLVER', dnssecResolver] as const]),
    ...(tlsReports ? [] : [['TLS_REPORTS', 'off'] as const]),
  ];
}
