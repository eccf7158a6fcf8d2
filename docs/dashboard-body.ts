/** The dashboard as CloudWatch would get it: the body in the template, with names in place of references. */
import type { Template } from '../infra/synthesize.ts';
import type { Metric } from './dashboard-graph.ts';

export interface Widget {
  readonly type: 'alarm' | 'metric' | 'log';
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: {
    readonly title: string;
    readonly alarms?: readonly string[];
    readonly metrics?: readonly Metric[];
  };
}

type Join = readonly [separator: string, parts: readonly (string | Reference)[]];
interface Reference {
  readonly Ref?: string;
  readonly 'Fn::GetAtt'?: readonly [id: string, attribute: string];
}

export function widgetsOf({ Resources }: Template): Widget[] {
  const dashboard = Object.values(Resources).find(({ Type }) => Type === 'AWS::CloudWatch::Dashboard');
  const body = dashboard?.Properties?.['DashboardBody'] as { 'Fn::Join': Join } | undefined;
  if (body === undefined) throw new Error('The template has no dashboard.');
  const [separator, parts] = body['Fn::Join'];
  const text = parts.map((part) => (typeof part === 'string' ? part : nameOf(Resources, part)));
  return (JSON.parse(text.join(separator)) as { widgets: Widget[] }).widgets;
}

const names = ['AlarmName', 'QueueName', 'FunctionName', 'LogGroupName', 'ServiceName'];

function nameOf(resources: Template['Resources'], reference: Reference): string {
  const id = reference.Ref ?? reference['Fn::GetAtt']?.[0] ?? '';
  const properties = resources[id]?.Properties ?? {};
  const given = names.map((name) => properties[name]).find((name) => typeof name === 'string');
  return given ?? id;
}
