/**
 * Alarms on symptoms, each with an article of its name in docs/operator-runbook.md. Those that mean "mail is not
 * moving" are gathered into one, `page`, which is what should wake somebody.
 */
import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmRule,
  ComparisonOperator,
  CompositeAlarm,
  MathExpression,
  Metric,
  TreatMissingData,
  type IMetric,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { pascalCase } from './construct-id.ts';
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

interface Symptom {
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

const runbook = 'docs/operator-runbook.md';
const fiveMinutes = Duration.minutes(5);

export class Alarms extends Construct {
  readonly page: CompositeAlarm;
  readonly all: readonly Alarm[];

  constructor(scope: Construct, watched: Watched) {
    super(scope, 'Alarms');
    const symptoms = [
      ...listenerSymptoms(watched),
      ...watched.queues.all.flatMap(queueSymptoms),
      ...functionSymptoms(watched),
      ...mailSymptoms(watched),
    ];
    const { stackName } = watched.deployment;
    const made = symptoms.map((symptom) => ({ symptom, alarm: this.alarm(stackName, symptom) }));
    this.all = made.map(({ alarm }) => alarm);
    this.page = new CompositeAlarm(this, 'Page', {
      compositeAlarmName: `${stackName}-page`,
      alarmDescription: `Mail is not moving, or will soon be late. ${runbook}#page`,
      alarmRule: AlarmRule.anyOf(...made.filter(({ symptom }) => symptom.wakes).map(({ alarm }) => alarm)),
    });
    this.tell(watched.deployment);
  }

  private alarm(stackName: string, symptom: Symptom): Alarm {
    const { name, says, metric, atLeast, below, periods = 1, silenceIsBad = false } = symptom;
    return new Alarm(this, pascalCase(name), {
      alarmName: `${stackName}-${name}`,
      alarmDescription: `${says} ${runbook}#${name}`,
      metric,
      threshold: atLeast ?? below ?? 1,
      comparisonOperator:
        below === undefined
          ? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
          : ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: periods,
      treatMissingData: silenceIsBad ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
  }

  /** One mail for the page and one for each symptom that does not wake anybody. */
  private tell({ alarmAddress }: Deployment): void {
    if (alarmAddress === '') return;
    const topic = new Topic(this, 'Topic', { enforceSSL: true });
    topic.addSubscription(new EmailSubscription(alarmAddress));
    for (const alarm of [this.page, ...this.all]) alarm.addAlarmAction(new SnsAction(topic));
  }
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

/** What components count as log lines (EMF), summed over those that count it. */
function mailSymptoms({ deployment, functions }: Watched): Symptom[] {
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
      metric: counted('Dead', ['relay-outbound', 'deliver-to-mailbox', 'report-failure']),
    },
    {
      name: 'mail-held',
      says: 'Mail is held for a person: by a rule, or because it could not be routed or delivered.',
      metric: counted('Held', ['route-mail', 'relay-outbound', 'deliver-to-mailbox']),
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
