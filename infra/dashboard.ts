/** One dashboard that reads from left to right as a message goes: taken in, routed, delivered or relayed, settled. */
import { Aws, CfnOutput } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  LogQueryVisualizationType,
  LogQueryWidget,
  PeriodOverride,
  type IMetric,
  type IWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { Alarms } from './alarms.ts';
import { topRefusals } from './saved-queries.ts';
import { mailMetric, settlers, type Watched } from './symptoms.ts';

const width = 6;

export class MailDashboard extends Construct {
  constructor(scope: Construct, watched: Watched, alarms: Alarms) {
    super(scope, 'Dashboard');
    const { stackName } = watched.deployment;
    const dashboard = new Dashboard(this, 'Dashboard', {
      dashboardName: stackName,
      periodOverride: PeriodOverride.AUTO,
      widgets: [
        [new AlarmStatusWidget({ title: 'Alarms', width: 4 * width, alarms: [alarms.page, ...alarms.all] })],
        arrivals(watched),
        waits(watched),
        troubles(watched),
        [refusals(watched)],
      ],
    });
    new CfnOutput(this, 'Link', {
      key: 'Dashboard',
      value: `https://${Aws.REGION}.console.aws.amazon.com/cloudwatch/home#dashboards:name=${dashboard.dashboardName}`,
    });
  }
}

/** Counts, in the order a message meets them. */
function arrivals({ deployment, functions }: Watched): IWidget[] {
  const from = (service: string, ...names: string[]): IMetric[] =>
    names.map((name) => mailMetric(deployment, name, service));
  const outbound = functions.map(({ name }) => name).filter((name) => name.endsWith('-outbound'));
  return [
    graph('Taken in', from('listener', 'Connected', 'Accepted', 'Refused')),
    graph('Routed', from('route-mail', 'Routed', 'Failed', 'Held')),
    graph('Delivered and relayed', [
      ...from('deliver-to-mailbox', 'Delivered', 'Deferred', 'Failed'),
      ...outbound.flatMap((name) => from(name, 'Relayed', 'Deferred', 'Failed')),
    ]),
    graph('Reported', [...from('report-failure', 'Reported'), ...from('retry-deferred', 'Woken')]),
  ];
}

/** How long it takes: the age of work in each queue, the way from 250 to settled, and the machinery under it. */
function waits({ deployment, queues, functions, listener }: Watched): IWidget[] {
  const settled = functions
    .filter(({ name }) => /^deliver-|-outbound$/.test(name))
    .map(({ name }) => mailMetric(deployment, 'AcceptToSettle', name).with({ statistic: 'p95' }));
  return [
    graph('Listener', [listener.service.metricCpuUtilization(), listener.service.metricMemoryUtilization()]),
    graph(
      'Oldest work, seconds',
      queues.all.map(({ queue }) => queue.metricApproximateAgeOfOldestMessage()),
    ),
    graph('Accepted to settled, p95, ms', settled),
    graph(
      'Errors of functions',
      functions.map(({ lambda }) => lambda.metricErrors()),
    ),
  ];
}

/** What waits for a person, and what goes wrong. */
function troubles(watched: Watched): IWidget[] {
  const { deployment, queues, functions } = watched;
  const from = (metric: string, services: readonly string[]): IMetric[] =>
    services.map((service) => mailMetric(deployment, metric, service));
  return [
    graph('Held and dead', [...from('Held', settlers(watched)), ...from('Dead', settlers(watched))]),
    graph(
      'Given up: dead letters',
      queues.all.map(({ dead }) => dead.metricApproximateNumberOfMessagesVisible()),
    ),
    graph(
      'Documents',
      ['DocumentsPublished', 'DocumentsInvalid', 'DocumentsDeleted'].map((name) =>
        mailMetric(deployment, name, 'publish-directory'),
      ),
    ),
    graph('Faults', from('Fault', ['listener', ...functions.map(({ name }) => name)])),
  ];
}

function refusals({ listener }: Watched): IWidget {
  return new LogQueryWidget({
    title: 'Top refusals',
    width: 4 * width,
    logGroupNames: [listener.logGroup.logGroupName],
    view: LogQueryVisualizationType.TABLE,
    queryString: topRefusals,
  });
}

const graph = (title: string, left: IMetric[]): IWidget => new GraphWidget({ title, left, width, height: 6 });
