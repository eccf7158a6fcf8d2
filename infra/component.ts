/**
 * A running piece of the gateway (a function, the listener) as the nouns see it: they hand it an ability, which
 * is always a permission and the variables that go with it. Actions are written out by hand, never wildcards.
 */
import { PolicyStatement, type IRole } from 'aws-cdk-lib/aws-iam';
import { variables, type Variable } from '../aws/variables.ts';

export interface Component {
  readonly role: IRole;
  /** Names from its settings.ts: every one must have been given when the template is written. */
  readonly needs: readonly Variable[];
  setVariable(name: string, value: string): void;
}

export interface Ability {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Record<string, Record<string, unknown>>;
}

export function allow(component: Component, ability: Ability): void {
  component.role.addToPrincipalPolicy(
    new PolicyStatement({
      actions: [...ability.actions],
      resources: [...ability.resources],
      ...(ability.conditions && { conditions: ability.conditions }),
    }),
  );
}

const given = new WeakMap<Component, Set<Variable>>();

export function give(component: Component, variable: Variable, value: string): void {
  component.setVariable(variables[variable], value);
  given.set(component, (given.get(component) ?? new Set()).add(variable));
}

/** One sentence when a component's settings name a variable that no noun has given it. */
export function missingVariables(component: Component, name: string): string[] {
  const missing = component.needs.filter((variable) => given.get(component)?.has(variable) !== true);
  if (missing.length === 0) return [];
  return [`The settings of ${name} name ${missing.join(', ')}, but infra/${name}.ts grants no such ability.`];
}
