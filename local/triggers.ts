/** What starts a function: queues, a table's stream, the clock. */
import type { Json, JsonObject, Resource, Template } from './template.ts';
import { object, TemplateError } from './template.ts';

export interface Mapping {
  readonly function: string;
  /** Name of the queue, or of the table whose stream is read. */
  readonly source: string;
  readonly kind: 'queue' | 'stream';
  readonly batchSize: number;
  readonly windowSeconds: number;
  readonly maximumConcurrency: number;
  readonly reportBatchItemFailures: boolean;
  readonly bisect: boolean;
  /** -1: until the record leaves the stream. */
  readonly retries: number;
  /** Queue that is told of records given up. */
  readonly onFailure?: string;
}

export interface Schedule {
  readonly function: string;
  readonly everySeconds: number;
  /** The event given; undefined: the service's own. */
  readonly input?: unknown;
}

export function readMapping(
  template: Template,
  resource: Resource,
  short: (name: string) => string,
): Mapping {
  const { properties, id } = resource;
  const source = template.target(properties['EventSourceArn'] ?? null);
  if (source === undefined) throw new TemplateError(`${id} has an event source that is not in the template.`);
  const scaling = object(properties['ScalingConfig'] ?? {}, id);
  const responses = properties['FunctionResponseTypes'];
  return {
    function: functionName(template, properties['FunctionName'] ?? null, id, short),
    source: template.nameOf(source),
    kind: source.type === 'AWS::SQS::Queue' ? 'queue' : 'stream',
    batchSize: Number(properties['BatchSize'] ?? (source.type === 'AWS::SQS::Queue' ? 10 : 100)),
    windowSeconds: Number(properties['MaximumBatchingWindowInSeconds'] ?? 0),
    maximumConcurrency: Number(scaling['MaximumConcurrency'] ?? 5),
    reportBatchItemFailures: Array.isArray(responses) && responses.includes('ReportBatchItemFailures'),
    bisect: properties['BisectBatchOnFunctionError'] === true,
    retries: Number(properties['MaximumRetryAttempts'] ?? -1),
    ...failureQueue(template, properties),
  };
}

function failureQueue(template: Template, properties: JsonObject): { onFailure?: string } {
  const destinations = object(properties['DestinationConfig'] ?? {}, 'DestinationConfig');
  const queue = template.target(object(destinations['OnFailure'] ?? {}, 'OnFailure')['Destination'] ?? null);
  return queue === undefined ? {} : { onFailure: template.nameOf(queue) };
}

function functionName(
  template: Template,
  value: Json,
  where: string,
  short: (name: string) => string,
): string {
  const target = template.target(value);
  if (target?.type !== 'AWS::Lambda::Function')
    throw new TemplateError(`${where} does not name a function of the template.`);
  return short(template.nameOf(target));
}

export function readSchedules(template: Template, short: (name: string) => string): Schedule[] {
  const rules = template.ofType('AWS::Events::Rule').flatMap((rule) => {
    const targets = (rule.properties['Targets'] ?? []) as readonly JsonObject[];
    if (rule.properties['ScheduleExpression'] === undefined) return [];
    return targets.map((target) => readSchedule(template, rule, target, short));
  });
  const schedules = template
    .ofType('AWS::Scheduler::Schedule')
    .map((each) => readSchedule(template, each, object(each.properties['Target'] ?? null, each.id), short));
  return [...rules, ...schedules];
}

function readSchedule(
  template: Template,
  resource: Resource,
  target: JsonObject,
  short: (name: string) => string,
): Schedule {
  const input = target['Input'];
  return {
    function: functionName(template, target['Arn'] ?? null, resource.id, short),
    everySeconds: rate(template.text(resource.properties['ScheduleExpression'], resource.id), resource.id),
    ...(input === undefined ? {} : { input: JSON.parse(template.text(input, resource.id)) as unknown }),
  };
}

const unitSeconds: Readonly<Record<string, number>> = { minute: 60, hour: 3600, day: 86_400 };

function rate(expression: string, where: string): number {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (count === undefined)
    throw new TemplateError(`${where} runs at ${expression}; only rate(…) is known here.`);
  return Number(count) * (unitSeconds[unit ?? ''] ?? 60);
}
