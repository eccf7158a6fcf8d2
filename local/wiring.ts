/**
 * What the synthesized template says about the mail path, in this machine's names: tables, queues, buckets,
 * functions with their environment and role, what starts them, and the listener. The one place that knows where
 * CloudFormation keeps each of them.
 */
import type { Json, JsonObject, Resource, Template } from './template.ts';
import { object, TemplateError } from './template.ts';
import type { Statement } from './role.ts';
import { readRole } from './role.ts';
import { type Mapping, readMapping, readSchedules, type Schedule } from './triggers.ts';

export interface Table {
  readonly name: string;
  readonly keys: readonly { readonly AttributeName: string; readonly KeyType: 'HASH' | 'RANGE' }[];
  /** Input of CreateTable. */
  readonly definition: JsonObject;
  readonly ttlAttribute?: string;
}

export interface Queue {
  readonly name: string;
  /** As CreateQueue takes them, the redrive policy included. */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Component {
  /** Its name without the stack's: `route-mail`, `listener`. */
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly statements: readonly Statement[];
}

export interface LambdaFunction extends Component {
  readonly arn: string;
  /** Its handler's file, from the root of the sources. */
  readonly entry: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
}

export interface Wiring {
  readonly tables: readonly Table[];
  readonly queues: readonly Queue[];
  readonly buckets: readonly string[];
  readonly functions: readonly LambdaFunction[];
  readonly mappings: readonly Mapping[];
  readonly schedules: readonly Schedule[];
  readonly listener: Component;
  /** Partition keys of tables, and of indexes as `table/index`. */
  readonly partitionKeys: Readonly<Record<string, string>>;
}

export function readWiring(template: Template, stack: string): Wiring {
  const short = (name: string): string =>
    name.startsWith(`${stack}-`) ? name.slice(stack.length + 1) : name;
  const tables = template
    .ofType('AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable')
    .map((r) => readTable(template, r));
  return {
    tables,
    partitionKeys: Object.fromEntries(tables.flatMap(partitionKeysOf)),
    queues: template.ofType('AWS::SQS::Queue').map((r) => readQueue(template, r)),
    buckets: template.ofType('AWS::S3::Bucket').map((r) => template.nameOf(r)),
    functions: template.ofType('AWS::Lambda::Function').map((r) => readFunction(template, r, short)),
    mappings: template.ofType('AWS::Lambda::EventSourceMapping').map((r) => readMapping(template, r, short)),
    schedules: readSchedules(template, short),
    listener: readListener(template),
  };
}

/** The stack's name, as its directory table has it. */
export function stackOf(document: unknown): string {
  const resources = object(object(document as Json, 'the template')['Resources'] ?? null, 'Resources');
  const names = Object.values(resources).map(
    (each) => object(object(each, 'a resource')['Properties'] ?? {}, 'a resource')['TableName'],
  );
  const directory = names.find((name) => typeof name === 'string' && name.endsWith('-directory'));
  if (typeof directory !== 'string')
    throw new TemplateError('The template has no table `<stack>-directory`.');
  return directory.replace(/-directory$/, '');
}

type KeySchema = Table['keys'];

function partitionKeysOf({ name, keys, definition }: Table): [string, string][] {
  const indexes = (definition['GlobalSecondaryIndexes'] ?? []) as unknown as {
    readonly IndexName: string;
    readonly KeySchema: KeySchema;
  }[];
  return [
    [name, hashKey(keys)],
    ...indexes.map(({ IndexName, KeySchema }): [string, string] => [
      `${name}/${IndexName}`,
      hashKey(KeySchema),
    ]),
  ];
}

const hashKey = (keys: KeySchema): string => keys.find((key) => key.KeyType === 'HASH')?.AttributeName ?? '';

const tableProperties = [
  'AttributeDefinitions',
  'KeySchema',
  'GlobalSecondaryIndexes',
  'BillingMode',
  'StreamSpecification',
];

function readTable(template: Template, resource: Resource): Table {
  const name = template.nameOf(resource);
  const all = object(template.resolve(resource.properties, resource.id), resource.id);
  const definition: JsonObject = Object.fromEntries<Json>(
    tableProperties.flatMap((key) => (all[key] === undefined ? [] : [[key, definitionPart(key, all[key])]])),
  );
  return {
    name,
    keys: all['KeySchema'] as unknown as Table['keys'],
    definition: { TableName: name, ...definition },
    ttlAttribute: ttlAttribute(all),
  };
}

/** CloudFormation leaves out what CreateTable wants said, and limits on throughput mean nothing here. */
function definitionPart(key: string, value: Json): Json {
  if (key === 'StreamSpecification') return { StreamEnabled: true, ...object(value, key) };
  if (key !== 'GlobalSecondaryIndexes') return value;
  return (value as readonly JsonObject[]).map(({ IndexName, KeySchema, Projection }) => ({
    IndexName: IndexName ?? null,
    KeySchema: KeySchema ?? null,
    Projection: Projection ?? null,
  }));
}

function ttlAttribute(all: JsonObject): string | undefined {
  const ttl = all['TimeToLiveSpecification'];
  if (ttl === undefined) return undefined;
  const name = object(ttl, 'TimeToLiveSpecification')['AttributeName'];
  return typeof name === 'string' ? name : undefined;
}

const queueAttributes = [
  'VisibilityTimeout',
  'MessageRetentionPeriod',
  'MaximumMessageSize',
  'ReceiveMessageWaitTimeSeconds',
  'DelaySeconds',
];

function readQueue(template: Template, resource: Resource): Queue {
  const all = resource.properties;
  const attributes: Record<string, string> = {};
  for (const key of queueAttributes)
    if (all[key] !== undefined) attributes[key] = template.text(all[key], `${resource.id}.${key}`);
  if (all['RedrivePolicy'] !== undefined)
    attributes['RedrivePolicy'] = JSON.stringify(
      template.resolve(all['RedrivePolicy'], `${resource.id}.RedrivePolicy`),
    );
  return { name: template.nameOf(resource), attributes };
}

function readFunction(
  template: Template,
  resource: Resource,
  short: (name: string) => string,
): LambdaFunction {
  const { properties, id } = resource;
  const environment = object(properties['Environment'] ?? {}, id)['Variables'] ?? {};
  return {
    name: short(template.nameOf(resource)),
    arn: template.arnOf(resource),
    entry: template.text(resource.metadata['postern:entry'], `${id}.Metadata.postern:entry`),
    environment: texts(template, object(environment, id), `${id}.Environment`),
    statements: readRole(template, properties['Role'] ?? null, id),
    timeoutSeconds: Number(properties['Timeout'] ?? 3),
    memoryMb: Number(properties['MemorySize'] ?? 128),
  };
}

function texts(template: Template, values: JsonObject, where: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, template.text(value, `${where}.${name}`)]),
  );
}

/** The one container that the stack runs. */
function readListener(template: Template): Component {
  const [task, ...others] = template.ofType('AWS::ECS::TaskDefinition');
  if (task === undefined || others.length > 0)
    throw new TemplateError(
      `The template has ${task ? others.length + 1 : 0} task definitions; the listener's one was expected.`,
    );
  const [container] = (task.properties['ContainerDefinitions'] ?? []) as readonly JsonObject[];
  const pairs = (container?.['Environment'] ?? []) as readonly JsonObject[];
  return {
    name: 'listener',
    environment: Object.fromEntries(
      pairs.map(({ Name, Value }) => {
        const name = template.text(Name, `${task.id}.Environment`);
        return [name, template.text(Value, `${task.id}.${name}`)];
      }),
    ),
    statements: readRole(template, task.properties['TaskRoleArn'] ?? null, task.id),
  };
}
