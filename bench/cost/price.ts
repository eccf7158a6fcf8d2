/**
 * From counted calls and list prices to dollars. Pure: the counts come from a run (counted-run.ts), the fixed parts
 * from the template. Where it has to guess it guesses high: every function's calls one after the other, one message an
 * invocation, nothing free.
 */
import type { Calls, CountedRun } from './counted-run.ts';
import type { FixedParts } from './fixed-parts.ts';

export type Price = {
  readonly usd: number;
  readonly per: number;
  readonly asOf: string;
  readonly source: string;
};

export interface PriceFile {
  readonly region: string;
  readonly prices: Readonly<Record<string, Price>>;
  readonly assumed: {
    /** Round trip of one call by service, and a function's own work of an invocation, in milliseconds. */
    readonly callMilliseconds: Readonly<Record<string, number>>;
    readonly computeMilliseconds: number;
    /** How long a message lies in S3. */
    readonly keptDays: number;
    readonly smallServerDiskGb: number;
    /** A metric is charged for the hours in which it has a value. */
    readonly customMetricsIdle: number;
    readonly customMetricsBusy: number;
  };
}

export interface Item {
  readonly what: string;
  /** How many of the priced units, per message or per month. */
  readonly units: number;
  readonly dollars: number;
}

export interface Use {
  readonly messagesPerMonth: number;
  readonly sizeKb: number;
  readonly recipients: number;
}

const hours = 730;
const million = 1_000_000;
const chunkKb = 256;
function dollars({ prices }: PriceFile, name: string, units: number): number {
  const price = prices[name];
  if (price === undefined) throw new Error(`The price file has no price "${name}".`);
  return (units * price.usd) / price.per;
}

/** What a million messages cost, by service, dearest first. */
export function perMillion(run: CountedRun, parts: FixedParts, file: PriceFile): Item[] {
  const own = run.calls.filter((one) => one.component !== 'runtime');
  const perMessage = (units: number): number => units / run.messages;
  const bySum = (wanted: (one: Calls) => boolean, units: (one: Calls) => number): number =>
    perMessage(own.filter(wanted).reduce((sum, one) => sum + units(one), 0));
  const s3 = (...names: string[]): number =>
    bySum(
      (one) => names.includes(one.operation),
      (one) => one.calls,
    );
  const queueCalls = run.calls.filter((one) => one.operation.startsWith('SQS.'));
  const seconds = lambdaGbSeconds(run, parts, file);
  const items: [what: string, price: string, units: number][] = [
    ['S3 puts and copies', 's3Put', s3('S3.PutObject', 'S3.CopyObject')],
    ['S3 gets', 's3Get', s3('S3.GetObject')],
    ['S3 storage', 's3GbMonth', storedGb(run, file)],
    ['SQS requests', 'sqsRequest', perMessage(queueCalls.reduce((sum, one) => sum + one.calls, 0))],
    [
      'DynamoDB writes',
      'dynamodbWrite',
      bySum(
        () => true,
        (one) => one.writes,
      ),
    ],
    ['DynamoDB reads', 'dynamodbRead', bySum(() => true, readUnits)],
    ['Lambda invocations', 'lambdaRequest', perMessage(invocations(run))],
    ['Lambda duration', 'lambdaGbSecond', perMessage(seconds)],
    ['Logs', 'logGb', perMessage(run.logOctets) / 1e9],
    ['Load balancer traffic', 'nlcuHour', receivedGb(run)],
  ];
  return items
    .map(([what, price, units]) => ({ what, units, dollars: dollars(file, price, units * million) }))
    .toSorted((a, b) => b.dollars - a.dollars);
}

/** Bodies in `spool/` and in mailboxes, for as long as they are kept. */
function storedGb(run: CountedRun, { assumed }: PriceFile): number {
  return receivedGb(run) * (1 + run.deliveries / run.messages) * (assumed.keptDays / 30);
}

/** Of a message. The balancer charges a unit for a gigabyte in an hour, which is more than its sessions ask for. */
function receivedGb({ calls, messages }: CountedRun): number {
  const put = calls.find((one) => one.component === 'listener' && one.operation === 'S3.PutObject');
  return (put?.octets ?? 0) / Math.max(1, messages) / 1e9;
}

/** As strongly consistent ones of up to 4 KB. */
export function readUnits({ operation, calls }: Calls): number {
  if (operation === 'DynamoDB.BatchGetItem') return 2 * calls;
  return /^DynamoDB\.(?:GetItem|Query)$/.test(operation) ? calls : 0;
}

/** An event source deletes each batch that a function has done. */
function invocations({ calls }: CountedRun): number {
  return calls
    .filter((one) => one.component === 'runtime' && one.operation.startsWith('SQS.DeleteMessage'))
    .reduce((sum, one) => sum + one.calls, 0);
}

function lambdaGbSeconds(run: CountedRun, { functionMemoryMb }: FixedParts, { assumed }: PriceFile): number {
  const functions = [...new Set(run.calls.map((one) => one.component))].filter(
    (name) => functionMemoryMb[name] !== undefined,
  );
  const busy = functions.filter((name) => run.calls.some((one) => one.component === name && one.calls > 0));
  const compute = busy.length === 0 ? 0 : (invocations(run) / busy.length) * assumed.computeMilliseconds;
  return busy.reduce((sum, name) => {
    const waiting = run.calls
      .filter((one) => one.component === name)
      .reduce((total, one) => total + one.calls * latencyOf(one.operation, assumed.callMilliseconds), 0);
    return sum + ((waiting + compute) / 1000) * (functionMemoryMb[name]! / 1024);
  }, 0);
}

function latencyOf(operation: string, latencies: Readonly<Record<string, number>>): number {
  return latencies[operation.split('.')[0]!] ?? latencies['other'] ?? 0;
}

/** What a month costs when no mail comes. */
export function perMonth(parts: FixedParts, file: PriceFile): Item[] {
  const { assumed } = file;
  const polls = parts.eventSources * pollersOfSource * pollsPerHour * hours;
  const items: [what: string, price: string, units: number][] = [
    ['Listener: vCPU', 'fargateVcpuHour', parts.tasks * parts.taskVcpu * hours],
    ['Listener: memory', 'fargateGbHour', parts.tasks * parts.taskGb * hours],
    ['Load balancer', 'nlbHour', hours],
    ['Public IPv4 addresses', 'ipv4Hour', (parts.balancerAddresses + parts.tasks) * hours],
    ['Dashboard', 'dashboardMonth', parts.dashboards],
    ['Alarms', 'alarmMonth', parts.alarms],
    ['Composite alarms', 'compositeAlarmMonth', parts.compositeAlarms],
    ['Custom metrics', 'metricMonth', assumed.customMetricsIdle],
    ['SQS polls of event sources', 'sqsRequest', polls],
    ['Scheduled invocations', 'lambdaRequest', parts.schedulesPerHour * hours],
    ['Scheduled work', 'lambdaGbSecond', parts.schedulesPerHour * hours * scheduledSeconds * scheduledGb],
  ];
  return items
    .map(([what, price, units]) => ({ what, units, dollars: dollars(file, price, units) }))
    .toSorted((a, b) => b.dollars - a.dollars);
}

/** What a month costs more than an idle one as soon as mail flows, beside the messages themselves. */
export function perMonthWithMail({ assumed, ...file }: PriceFile): number {
  const more = assumed.customMetricsBusy - assumed.customMetricsIdle;
  return dollars({ ...file, assumed }, 'metricMonth', more);
}

/** AWS Lambda developer guide, "Scaling and concurrency for SQS": five pollers, long polls of 20 s. */
const pollersOfSource = 5;
const pollsPerHour = 180;
/** `retry-deferred` with nothing to do. */
const scheduledSeconds = 0.1;
const scheduledGb = 1;

/** What would make an item less, where there is a way. */
export const waysToLess: Readonly<Record<string, string>> = {
  'DynamoDB writes':
    'a plan of one delivery written without a transaction; provisioned capacity from about 10 messages a second',
  'S3 puts and copies':
    'a mailbox row that points at the body in the spool in place of a copy for each mail file; small bodies inside the row',
  'S3 storage': 'a shorter life of bodies in spool/; Intelligent-Tiering of mailboxes/',
  'SQS requests': 'fuller batches: they come by themselves as mail gets more',
  Logs: 'the infrequent-access log class',
  'Load balancer': 'nothing: it is what keeps the client addresses',
  'Public IPv4 addresses':
    'VPC endpoints in place of public task addresses cost more; one zone in place of two costs less and is worth less',
  'Listener: vCPU': 'one task in place of two; Fargate Spot is no place for sessions',
};

export interface Rival {
  readonly name: string;
  readonly perMonth: number;
  readonly perMillion: number;
  readonly remark: string;
}

export function rivals({ sizeKb }: Use, file: PriceFile): Rival[] {
  const chunks = Math.ceil(sizeKb / chunkKb);
  const inbound =
    dollars(file, 'sesInbound', million) +
    dollars(file, 'sesInboundChunk', Math.floor(sizeKb / chunkKb) * million);
  const server = dollars(file, 'smallServerHour', hours) + dollars(file, 'ipv4Hour', hours);
  const disk = dollars(file, 'diskGbMonth', file.assumed.smallServerDiskGb);
  return [
    {
      name: 'SES inbound',
      perMonth: 0,
      perMillion: inbound,
      remark: 'receives and stores; no policy, no directory, no routing',
    },
    {
      name: 'SES Mail Manager',
      perMonth: dollars(file, 'mailManagerEndpointMonth', 1),
      perMillion: dollars(file, 'mailManagerMessage', chunks * million),
      remark: 'one ingress endpoint; rules and relay, no mailboxes, no spool to look into',
    },
    {
      name: 'Two small servers',
      perMonth: 2 * (server + disk),
      perMillion: 0,
      remark: 'the work of keeping them is not in it',
    },
  ];
}

export function total(items: readonly Item[]): number {
  return items.reduce((sum, one) => sum + one.dollars, 0);
}
