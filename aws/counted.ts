/**
 * Today's counters of a deployed stack, out of the CloudWatch metrics that its log lines carry: which there are, then
 * their sums since midnight UTC. CloudWatch shows a line's metrics a minute or two after it was written.
 */
import { signedCall, type WithCredentials } from './signed-call.ts';

export interface CountedOptions {
  readonly client: WithCredentials & { readonly config: { region(): Promise<string> } };
  /** The stack's name. */
  readonly namespace: string;
  readonly now: Date;
}

interface Metric {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[];
}

interface Answer {
  readonly NextToken?: string;
  readonly Metrics?: readonly Metric[];
  readonly MetricDataResults?: readonly { readonly Id: string; readonly Values: readonly number[] }[];
}

/** CloudWatch takes as many in one question. */
const metricsAtOnce = 500;
const hour = 3_600;

/** A counter as `postern stats` names it: `Refused.relay` is `refused.relay`. */
export function counterOf(metric: string): string {
  return metric.charAt(0).toLowerCase() + metric.slice(1);
}

/** By the metric's name, summed over the components that count it. Times and gauges are no counters: their unit is another. */
export async function countedToday(options: CountedOptions): Promise<Record<string, number>> {
  const sums: Record<string, number> = {};
  const listed = await answers(options, 'ListMetrics', { Namespace: options.namespace });
  const metrics = listed.flatMap(({ Metrics = [] }) => Metrics);
  for (let at = 0; at < metrics.length; at += metricsAtOnce) {
    const some = metrics.slice(at, at + metricsAtOnce);
    for (const { MetricDataResults = [] } of await answers(
      options,
      'GetMetricData',
      since(options.now, some),
    ))
      for (const { Id, Values } of MetricDataResults) {
        const name = some[Number(Id.slice(1))]?.MetricName;
        if (name !== undefined && Values.length > 0) sums[name] = (sums[name] ?? 0) + total(Values);
      }
  }
  return sums;
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

function since(now: Date, metrics: readonly Metric[]): object {
  return {
    StartTime: new Date(now).setUTCHours(0, 0, 0, 0) / 1_000,
    // The hour that has begun, whole.
    EndTime: now.getTime() / 1_000 + hour,
    MetricDataQueries: metrics.map((Metric, n) => ({
      Id: `m${n}`,
      MetricStat: { Metric, Period: hour, Stat: 'Sum', Unit: 'Count' },
    })),
  };
}

/** Every page of an answer. */
async function answers({ client }: CountedOptions, command: string, input: object): Promise<Answer[]> {
  const region = await client.config.region();
  const pages: Answer[] = [];
  let NextToken: string | undefined;
  do {
    const question = { ...input, ...(NextToken && { NextToken }) };
    const text = await signedCall(client, {
      service: 'monitoring',
      endpointName: 'CLOUDWATCH',
      command,
      input: question,
      region,
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `GraniteServiceVersion20100801.${command}`,
      },
      body: JSON.stringify(question),
    });
    const page = JSON.parse(text) as Answer;
    pages.push(page);
    ({ NextToken } = page);
  } while (NextToken !== undefined && NextToken !== '');
  return pages;
}
