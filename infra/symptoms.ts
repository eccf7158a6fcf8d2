/** What is worth an alarm: at the load balancer, in the queues, of the functions, and what components count as log lines (EMF). */
import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Deployment } from './deployment.ts';
import type { GatewayFunction } from './gateway-function.ts';
import type { Listener } from './listener.ts';
import type { QueueName, WorkQueue } from './work-queue.ts';
import type { WorkQueues } from './work-queues.ts';

export interface Watched {
  readonly deployment: Deployment;
  readonly queues: WorkQueues;
  readonly listener: Listener;
  readonly functions: readonly GatewayFunction[];
}

export interface Symptom {
  /** Without the stack's name; the heading of its article. */
  readonly name: string;
  readonly says: string;
  readonly metric: IMetric;
  readonly atLeast?: number;
  readonly below?: number;
  readonly periods?: number;
  /** Silence is itself the symptom. */
  readonly silenceIsBad?: boolean;
  readonly wakes?: boolean;
}

/** Work older than this is late: routing takes seconds; a run of outbound work may take a quarter of an hour. */
const lateAfterSeconds: Record<QueueName, number> = {
  route: 600,
  deliver: 900,
  relay: 3600,
  direct: 3600,
  report: 1800,
};

const fiveMinutes = Duration.minutes(5);

export function symptomsOf(watched: Watched): Symptom[] {
  return [
    ...listenerSymptoms(watched),
    ...watched.queues.all.flatMap(queueSymptoms),
    ...functionSymptoms(watched),
    ...mailSymptoms(watched),
  ];
}

function listenerSymptoms({ listener }: Watched): Symptom[] {
  const [smtp] = listener.entrance.targets;
  if (smtp === undefined) return [];
  return [
    {
      name: 'listener-down',
      says: 'No task of the listener is healthy: clients get no connection.',
      metric: smtp.metrics.healthyHostCount({ period: Duration.minutes(1), statistic: 'Minimum' }),
      below: 1,
      periods: 3,
      silenceIsBad: true,
      wakes: true,
    },
  ];
}

function queueSymptoms({ name, queue, dead }: WorkQueue): Symptom[] {
  return [
    {
      name: `${name}-late`,
      says: `Work waits in queue ${name} longer than it should.`,
      metric: queue.metricApproximateAgeOfOldestMessage({ period: fiveMinutes, statistic: 'Maximum' }),
      atLeast: lateAfterSeconds[name],
      periods: 2,
      wakes: true,
    },
    {
      name: `${name}-dead`,
      says: `Work of queue ${name} was given up and lies in its dead-letter queue.`,
      metric: dead.metricApproximateNumberOfMessagesVisible({ period: fiveMinutes, statistic: 'Maximum' }),
      wakes: name === 'route',
    },
  ];
}

function functionSymptoms({ deployment, functions }: Watched): Symptom[] {
  const lambda = (name: string) => functions.find((each) => each.name === name)?.lambda;
  const errors = Object.fromEntries(
    functions.map((each, index) => [`e${index}`, each.lambda.metricErrors({ period: fiveMinutes })]),
  );
  const invocations = lambda('retry-deferred')?.metricInvocations({ period: fiveMinutes });
  return [
    {
      name: 'functions-crash',
      says: 'Functions end with an error or run out of time.',
      metric: new MathExpression({
        expression: Object.keys(errors).join('+'),
        usingMetrics: errors,
        period: fiveMinutes,
        label: 'Errors',
      }),
      atLeast: 3,
      periods: 3,
    },
    ...(invocations === undefined ? [] : [sweeperStopped(invocations)]),
    {
      name: 'directory-dead',
      says: 'Changed documents could not be published; the full pass tries them every 15 minutes.',
      metric: queueDepth(`${deployment.stackName}-directory-dead`),
    },
  ];
}

const sweeperStopped = (metric: IMetric): Symptom => ({
  name: 'sweeper-stopped',
  says: 'Deferred mail is not woken: retry-deferred has not run.',
  metric,
  below: 1,
  periods: 2,
  silenceIsBad: true,
  wakes: true,
});

/** Counted by whoever settles mail; direct sending is there or not. */
export const settlers = ({ functions }: Watched): string[] =>
  functions.map(({ name }) => name).filter((name) => /^(route-|deliver-)|-outbound$/.test(name));

/** Summed over the components that count it. */
function mailSymptoms(watched: Watched): Symptom[] {
  const { deployment, functions } = watched;
  const components = ['listener', ...functions.map(({ name }) => name)];
  const counted = (metricName: string, from: readonly string[]): IMetric => {
    const metrics = from.map((service) => mailMetric(deployment, metricName, service));
    const usingMetrics = Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric]));
    const expression = `SUM([${Object.keys(usingMetrics)
      .map((id) => `FILL(${id},0)`)
      .join(',')}])`;
    return new MathExpression({ expression, usingMetrics, period: fiveMinutes, label: metricName });
  };
  return [
    {
      name: 'faults',
      says: 'Something of ours goes wrong again and again; mail is kept and tried again.',
      metric: counted('Fault', components),
      atLeast: 5,
      periods: 2,
      wakes: true,
    },
    {
      name: 'mail-dead',
      says: 'A report, or a failed message without a sender, could be given to nobody.',
      metric: counted('Dead', settlers(watched)),
    },
    {
      name: 'mail-held',
      says: 'Mail is held for a person: by a rule, or because it could not be routed or delivered.',
      metric: counted('Held', settlers(watched)),
    },
    {
      name: 'certificate',
      says: 'The listener shows a certificate of its own making, or one that ends within two weeks.',
      metric: mailMetric(deployment, 'CertificateTrouble', 'listener'),
      periods: 3,
    },
    {
      name: 'documents-invalid',
      says: 'A changed document is not valid; its last valid form stays in force.',
      metric: mailMetric(deployment, 'DocumentsInvalid', 'publish-directory'),
    },
  ];
}

export function mailMetric({ stackName }: Deployment, metricName: string, service: string): Metric {
  const dimensionsMap = { service };
  return new Metric({
    namespace: stackName,
    metricName,
    dimensionsMap,
    statistic: 'Sum',
    period: fiveMinutes,
  });
}

function queueDepth(QueueName: string): Metric {
  const metricName = 'ApproximateNumberOfMessagesVisible';
  return new Metric({
    namespace: 'AWS/SQS',
    metricName,
    dimensionsMap: { QueueName },
    statistic: 'Maximum',
    period: fiveMinutes,
  });
}
