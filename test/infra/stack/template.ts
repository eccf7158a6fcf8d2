/** Reading a synthesized template in the words of the stack: `postern-route`, `mail/spool/*`, not logical ids. */
import type { Resource, Template } from '../../../infra/synthesize.ts';

export type Properties = Record<string, unknown>;
export interface Right {
  readonly action: string;
  readonly resource: string;
  readonly condition: unknown;
}

export function ofType(
  template: Template,
  type: string,
): { id: string; resource: Resource; properties: Properties }[] {
  return Object.entries(template.Resources)
    .filter(([, resource]) => resource.Type === type)
    .map(([id, resource]) => ({ id, resource, properties: resource.Properties ?? {} }));
}

/** The value at a path of property names; arrays by index. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (inner as Record<string | number, unknown> | undefined)?.[key],
    value,
  );
}

const names = ['TableName', 'QueueName', 'FunctionName', 'LogGroupName'];

/** One text for a value with intrinsic functions; a resource of the stack appears under its own name. */
export function plain(template: Template, value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const [[intrinsic, argument] = ['', '']] = Object.entries(value);
  if (intrinsic === 'Fn::Join')
    return (at(argument, 1) as unknown[]).map((part) => plain(template, part)).join('');
  if (intrinsic === 'Fn::GetAtt') return nameOf(template, at(argument, 0) as string);
  if (intrinsic === 'Ref') return nameOf(template, argument as string);
  throw new Error(`${JSON.stringify(value)} is none of the intrinsic functions expected here.`);
}

function nameOf(template: Template, id: string): string {
  const resource = template.Resources[id];
  if (resource === undefined) return id;
  if (resource.Type === 'AWS::S3::Bucket') return 'mail';
  const given = names.map((name) => resource.Properties?.[name]).find((name) => typeof name === 'string');
  return given ?? id;
}

/** The functions' names without the stack's, and `listener`: who has a role of its own. */
export function components(template: Template): Map<string, string> {
  const functions = ofType(template, 'AWS::Lambda::Function').map(
    ({ properties }) =>
      [
        String(properties['FunctionName']).replace('postern-', ''),
        plain(template, properties['Role']),
      ] as const,
  );
  const [task] = ofType(template, 'AWS::ECS::TaskDefinition');
  return new Map([...functions, ['listener', plain(template, task?.properties['TaskRoleArn'])]]);
}

export function rightsOf(template: Template, component: string): Right[] {
  const role = components(template).get(component);
  return ofType(template, 'AWS::IAM::Policy')
    .filter(({ properties }) =>
      (properties['Roles'] as unknown[]).some((each) => plain(template, each) === role),
    )
    .flatMap(({ properties }) => rightsIn(template, properties));
}

/** Every action on every resource that a policy allows. */
export function rightsIn(template: Template, policy: Properties): Right[] {
  const statements = at(policy, 'PolicyDocument', 'Statement') as Properties[];
  return statements
    .filter((statement) => statement['Effect'] === 'Allow')
    .flatMap((statement) =>
      list(statement['Action']).flatMap((action) =>
        list(statement['Resource']).map((resource) => ({
          action: String(action),
          resource: plain(template, resource),
          condition: statement['Condition'],
        })),
      ),
    );
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);
