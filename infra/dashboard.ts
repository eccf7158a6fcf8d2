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
import { mailMetric, type Alarms, type Watched } from './alarms.ts';
import { topRefusals } from './saved-queries.ts';

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
    graph('Routed', from('route-mail', 'Routed', 'Held')),
    graph('Delivered and relayed', [
      ...from('deliver-to-mailbox', 'Delivered', 'Deferred', 'Failed'),
      ...outbound.flatMap((name) => from(name, 'Relayed', 'Deferred', 'Failed')),
    ]),
    graph('Reported', [...from('report-failure', 'Reported'), ...from('retry-deferred', 'Woken')]),
  ];
}

/** How long it takes: the age of work in each queue, the way from 250 to settled, and the machinery under it. */
function waits({ deployment, queues, functions, listener }: Watched): IWidget[] {
  const settled = ['deliver-to-mailbox', 'relay-outbound'].map((service) =>
    mailMetric(deployment, 'AcceptToSettle', service).with({ statistic: 'p95' }),
  );
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
