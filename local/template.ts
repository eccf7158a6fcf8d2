/**
 * Reads a synthesized CloudFormation template: resources by type, and values with their intrinsics resolved to
 * what this machine calls things. Only what the stack's own mail path uses is known here; any other intrinsic,
 * reference or attribute is refused with its place, so that what runs locally cannot drift from what deploys.
 */
import { readFileSync } from 'node:fs';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export interface Resource {
  readonly id: string;
  readonly type: string;
  readonly properties: JsonObject;
  readonly metadata: JsonObject;
}

/** What stands for account, region and queue addresses on this machine. */
export interface Place {
  readonly stack: string;
  readonly queueUrl: (name: string) => string;
}

export const region = 'us-east-1';
export const account = '000000000000';

export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

export class Template {
  readonly #resources: ReadonlyMap<string, Resource>;
  readonly #place: Place;

  constructor(document: unknown, place: Place) {
    const resources = object(object(document as Json, 'the template')['Resources'] ?? null, 'Resources');
    this.#place = place;
    this.#resources = new Map(
      Object.entries(resources).map(([id, value]) => [id, readResource(id, object(value, id))]),
    );
  }

  ofType(...types: string[]): Resource[] {
    return [...this.#resources.values()].filter((resource) => types.includes(resource.type));
  }

  /** The value with every intrinsic in it resolved; `where` names its place in what is refused. */
  resolve(value: Json, where: string): Json {
    if (Array.isArray(value)) return value.map((item: Json, i) => this.resolve(item, `${where}[${i}]`));
    if (value === null || typeof value !== 'object') return value;
    const entries = Object.entries(value as JsonObject);
    const [first] = entries;
    if (first && entries.length === 1 && (first[0] === 'Ref' || first[0].startsWith('Fn::')))
      return this.#intrinsic(first[0], first[1], where);
    return Object.fromEntries(entries.map(([key, item]) => [key, this.resolve(item, `${where}.${key}`)]));
  }

  text(value: Json | undefined, where: string): string {
    const resolved = this.resolve(value ?? null, where);
    if (typeof resolved === 'string') return resolved;
    if (typeof resolved === 'number' || typeof resolved === 'boolean') return String(resolved);
    throw new TemplateError(`${where} is ${JSON.stringify(resolved)}; a text was expected.`);
  }

  /** The resource that a Ref or Fn::GetAtt points at; undefined: a value of another kind. */
  target(value: Json): Resource | undefined {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
    const { Ref: ref, 'Fn::GetAtt': attribute } = value as JsonObject;
    const id = typeof ref === 'string' ? ref : Array.isArray(attribute) ? attribute[0] : undefined;
    return typeof id === 'string' ? this.#resources.get(id) : undefined;
  }

  nameOf(resource: Resource): string {
    const property = nameProperties[resource.type];
    if (property === undefined)
      throw new TemplateError(`${resource.id} is a ${resource.type}, which has no name on one machine.`);
    const given = resource.properties[property];
    return given === undefined ? this.#nameFromId(resource) : this.text(given, `${resource.id}.${property}`);
  }

  arnOf(resource: Resource): string {
    const arn = arns[resource.type];
    if (arn === undefined)
      throw new TemplateError(`${resource.id} is a ${resource.type}, whose ARN is not known.`);
    return arn(this.nameOf(resource));
  }

  #nameFromId(resource: Resource): string {
    const name = `${this.#place.stack}-${resource.id}`;
    return resource.type === 'AWS::S3::Bucket' ? name.toLowerCase() : name;
  }

  #intrinsic(kind: string, value: Json, where: string): Json {
    if (kind === 'Ref') return this.#ref(plain(value, where), where);
    if (kind === 'Fn::GetAtt') return this.#attribute(value, where);
    if (kind === 'Fn::Join') return this.#join(value, where);
    if (kind === 'Fn::Sub') return this.#sub(value, where);
    throw new TemplateError(`${where} uses ${kind}, which is not known on one machine.`);
  }

  #ref(id: string, where: string): string {
    const pseudo = this.#pseudo(id);
    if (pseudo !== undefined) return pseudo;
    const resource = this.#find(id, where);
    if (resource.type === 'AWS::SQS::Queue') return this.#place.queueUrl(this.nameOf(resource));
    return refIsArn.has(resource.type) ? this.arnOf(resource) : this.nameOf(resource);
  }

  #pseudo(id: string): string | undefined {
    const known: Record<string, string> = {
      'AWS::StackName': this.#place.stack,
      'AWS::Region': region,
      'AWS::AccountId': account,
      'AWS::Partition': 'aws',
      'AWS::URLSuffix': 'amazonaws.com',
    };
    return known[id];
  }

  #attribute(value: Json, where: string): string {
    const [id, name] = typeof value === 'string' ? value.split('.') : (value as readonly string[]);
    const resource = this.#find(id ?? '', where);
    if (name === 'Arn' || name === 'TopicArn') return this.arnOf(resource);
    if (name === 'StreamArn') return streamArn(this.nameOf(resource));
    if (name === 'QueueName') return this.nameOf(resource);
    if (name === 'QueueUrl') return this.#place.queueUrl(this.nameOf(resource));
    throw new TemplateError(
      `${where} uses the attribute ${name} of ${id}, which is not known on one machine.`,
    );
  }

  #join(value: Json, where: string): string {
    const [separator, parts] = value as readonly [string, readonly Json[]];
    return parts.map((part, i) => this.text(part, `${where}[${i}]`)).join(separator);
  }

  #sub(value: Json, where: string): string {
    const [text, names] = typeof value === 'string' ? [value, {}] : (value as readonly [string, JsonObject]);
    return text.replaceAll(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
      if (literal) return `\${${name}}`;
      const given = names[name];
      if (given !== undefined) return this.text(given, where);
      return name.includes('.') ? this.#attribute(name, where) : this.#ref(name, where);
    });
  }

  #find(id: string, where: string): Resource {
    const resource = this.#resources.get(id);
    if (resource === undefined)
      throw new TemplateError(`${where} refers to ${id}, which is not in the template.`);
    return resource;
  }
}

export const streamArn = (table: string): string => `${tableArn(table)}/stream/local`;
export const tableArn = (table: string): string => `arn:aws:dynamodb:${region}:${account}:table/${table}`;
export const queueArn = (queue: string): string => `arn:aws:sqs:${region}:${account}:${queue}`;

const nameProperties: Readonly<Record<string, string>> = {
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::DynamoDB::GlobalTable': 'TableName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::S3::Bucket': 'BucketName',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::IAM::Role': 'RoleName',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::SNS::Topic': 'TopicName',
  'AWS::SES::ConfigurationSet': 'Name',
  'AWS::SecretsManager::Secret': 'Name',
};

const refIsArn = new Set(['AWS::SNS::Topic', 'AWS::SecretsManager::Secret']);

const arns: Readonly<Record<string, (name: string) => string>> = {
  'AWS::DynamoDB::Table': tableArn,
  'AWS::DynamoDB::GlobalTable': tableArn,
  'AWS::SQS::Queue': queueArn,
  'AWS::S3::Bucket': (name) => `arn:aws:s3:::${name}`,
  'AWS::Lambda::Function': (name) => `arn:aws:lambda:${region}:${account}:function:${name}`,
  'AWS::IAM::Role': (name) => `arn:aws:iam::${account}:role/${name}`,
  'AWS::Logs::LogGroup': (name) => `arn:aws:logs:${region}:${account}:log-group:${name}:*`,
  'AWS::SNS::Topic': (name) => `arn:aws:sns:${region}:${account}:${name}`,
  'AWS::SES::ConfigurationSet': (name) => `arn:aws:ses:${region}:${account}:configuration-set/${name}`,
  'AWS::SecretsManager::Secret': (name) =>
    `arn:aws:secretsmanager:${region}:${account}:secret:${name}-AbCdEf`,
};

function readResource(id: string, value: JsonObject): Resource {
  return {
    id,
    type: plain(value['Type'] ?? null, id),
    properties: object(value['Properties'] ?? {}, id),
    metadata: object(value['Metadata'] ?? {}, id),
  };
}

function plain(value: Json, where: string): string {
  if (typeof value === 'string') return value;
  throw new TemplateError(`${where} holds ${JSON.stringify(value)}; a name was expected.`);
}

export function object(value: Json, where: string): JsonObject {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as JsonObject;
  throw new TemplateError(`${where} is not an object.`);
}

export function readTemplateFile(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8')) as unknown;
}
