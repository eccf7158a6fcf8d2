/** The statements of a role: its own policies and those attached to it, with this machine's ARNs. */
import type { Json, JsonObject, Resource, Template } from './template.ts';
import { object, TemplateError } from './template.ts';

export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** Operator → key → values, as IAM writes it. */
  readonly conditions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

/** Rights of the platform to write a function's log and to attach it to a network; no component calls them itself. */
const platformPolicies = /service-role\/AWSLambda(BasicExecutionRole|VPCAccessExecutionRole)$/;

export function readRole(template: Template, reference: Json, where: string): Statement[] {
  const role = template.target(reference);
  if (role?.type !== 'AWS::IAM::Role') throw new TemplateError(`${where} has no role in the template.`);
  refuseManaged(template, role);
  const inline = (role.properties['Policies'] ?? []) as readonly JsonObject[];
  const attached = template
    .ofType('AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy')
    .filter((policy) => rolesOf(policy).some((each) => template.target(each) === role))
    .map((policy) => policy.properties);
  return [...inline, ...attached].flatMap((policy) => readPolicy(template, policy, role.id));
}

const rolesOf = (policy: Resource): readonly Json[] => (policy.properties['Roles'] ?? []) as readonly Json[];

function refuseManaged(template: Template, role: Resource): void {
  for (const each of (role.properties['ManagedPolicyArns'] ?? []) as readonly Json[]) {
    if (template.target(each)?.type === 'AWS::IAM::ManagedPolicy') continue;
    const arn = template.text(each, `${role.id}.ManagedPolicyArns`);
    if (!platformPolicies.test(arn))
      throw new TemplateError(`${role.id} has the managed policy ${arn}; its rights must be written out.`);
  }
}

function readPolicy(template: Template, policy: JsonObject, where: string): Statement[] {
  const document = object(policy['PolicyDocument'] ?? null, where);
  const statements = template.resolve(document['Statement'] ?? [], `${where}.Statement`);
  return list(statements).map((statement) => readStatement(object(statement, where), where));
}

const known = new Set(['Sid', 'Effect', 'Action', 'Resource', 'Condition']);

function readStatement(statement: JsonObject, where: string): Statement {
  const strange = Object.keys(statement).find((key) => !known.has(key));
  if (strange !== undefined)
    throw new TemplateError(`${where} has a statement with ${strange}, which is not known.`);
  return {
    effect: statement['Effect'] === 'Deny' ? 'Deny' : 'Allow',
    actions: list(statement['Action'] ?? []).map(String),
    resources: list(statement['Resource'] ?? []).map(String),
    conditions: readConditions(object(statement['Condition'] ?? {}, where), where),
  };
}

function readConditions(conditions: JsonObject, where: string): Statement['conditions'] {
  const keys = (tests: Json): [string, string[]][] =>
    Object.entries(object(tests, where)).map(([key, values]) => [key, list(values).map(String)]);
  return Object.fromEntries(
    Object.entries(conditions).map(([operator, tests]) => [operator, Object.fromEntries(keys(tests))]),
  );
}

const list = (value: Json): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : [value]);
