/**
 * Holds a component's calls against the role that the template gives it, as IAM would, and remembers which
 * statements were used, so that a test can name rights that nobody needs.
 *
 * A call is refused when its command is unknown, a statement denies it, or none allows it. A condition with an
 * operator or a key that is not known here never matches an Allow and always matches a Deny.
 */
import type { Request } from './calls.ts';
import { type PartitionKeyOf, requestsOf } from './calls.ts';
import type { Statement } from './role.ts';

export interface Use {
  readonly action: string;
  /** The resource pattern of the statement that allowed it. */
  readonly resource: string;
}

export interface Rights {
  /** Throws AccessDenied. */
  hold(command: string, input: Readonly<Record<string, unknown>>): void;
}

export class AccessDenied extends Error {
  override readonly name = 'AccessDeniedException';
}

export interface RightsOptions {
  readonly component: string;
  readonly statements: readonly Statement[];
  readonly partitionKeyOf: PartitionKeyOf;
  /** Told once for each action and resource pattern. */
  readonly onUse?: (use: Use) => void;
  readonly onDenied?: (request: { action: string; resource: string }) => void;
}

export function holdRights(options: RightsOptions): Rights {
  const seen = new Set<string>();
  const note = (use: Use): void => {
    const key = `${use.action} ${use.resource}`;
    if (seen.has(key)) return;
    seen.add(key);
    options.onUse?.(use);
  };
  return {
    hold(command, input) {
      const requests = requestsOf(command, input, options.partitionKeyOf);
      if (requests === undefined)
        throw refused(options, { action: command, resource: 'anything' }, unknownCommand);
      for (const request of requests) {
        const pattern = allowedBy(options.statements, request);
        if (pattern === undefined) throw refused(options, request, notAllowed);
        note({ action: request.action, resource: pattern });
      }
    },
  };
}

const unknownCommand = 'local/calls.ts has no line that says which right this command needs';
const notAllowed = 'its role in the template does not allow it';

function refused(
  options: RightsOptions,
  request: { action: string; resource: string },
  why: string,
): AccessDenied {
  options.onDenied?.({ action: request.action, resource: request.resource });
  return new AccessDenied(`${options.component} may not ${request.action} on ${request.resource}: ${why}.`);
}

/** The resource pattern that allows the request; undefined: it is denied, or nothing allows it. */
export function allowedBy(statements: readonly Statement[], request: Request): string | undefined {
  const denies = statements.some((s) => s.effect === 'Deny' && patternOf(s, request, true) !== undefined);
  if (denies) return undefined;
  for (const statement of statements) {
    const pattern = statement.effect === 'Allow' ? patternOf(statement, request, false) : undefined;
    if (pattern !== undefined) return pattern;
  }
  return undefined;
}

function patternOf(statement: Statement, request: Request, unknownHolds: boolean): string | undefined {
  if (!statement.actions.some((action) => like(action.toLowerCase(), request.action.toLowerCase())))
    return undefined;
  if (!conditionsHold(statement, request, unknownHolds)) return undefined;
  return statement.resources.find((pattern) => like(pattern, request.resource));
}

function conditionsHold(statement: Statement, request: Request, unknownHolds: boolean): boolean {
  return Object.entries(statement.conditions).every(([operator, tests]) =>
    Object.entries(tests).every(([key, wanted]) => {
      const test = operators[operator];
      if (test === undefined || !knownKeys.has(key)) return unknownHolds;
      return test(wanted, request.context[key]);
    }),
  );
}

const knownKeys = new Set(['dynamodb:LeadingKeys', 's3:prefix', 'ses:FromAddress']);

type Test = (wanted: readonly string[], given: readonly string[] | undefined) => boolean;

const anyIs = (wanted: readonly string[], value: string): boolean => wanted.includes(value);
const anyLike = (wanted: readonly string[], value: string): boolean => wanted.some((w) => like(w, value));

/** `ForAllValues` holds where the call has no such key at all, as in IAM: a scan escapes a condition on keys. */
const operators: Readonly<Record<string, Test>> = {
  StringEquals: (wanted, given) => given !== undefined && given.every((value) => anyIs(wanted, value)),
  StringLike: (wanted, given) => given !== undefined && given.every((value) => anyLike(wanted, value)),
  'ForAllValues:StringEquals': (wanted, given) => (given ?? []).every((value) => anyIs(wanted, value)),
  'ForAllValues:StringLike': (wanted, given) => (given ?? []).every((value) => anyLike(wanted, value)),
};

const patterns = new Map<string, RegExp>();

/** IAM's wildcards: `*` any text, `?` one character. */
export function like(pattern: string, value: string): boolean {
  let expression = patterns.get(pattern);
  if (expression === undefined) {
    const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
    expression = new RegExp(`^${escaped.replaceAll('*', '[^]*').replaceAll('?', '[^]')}$`, 'u');
    patterns.set(pattern, expression);
  }
  return expression.test(value);
}

export interface Unused {
  readonly component: string;
  readonly action: string;
  readonly resource: string;
}

/** Allowed and never used, told apart by action and resource pattern. */
export function unusedRights(
  component: string,
  statements: readonly Statement[],
  uses: readonly Use[],
): Unused[] {
  return statements
    .filter((statement) => statement.effect === 'Allow')
    .flatMap(({ actions, resources }) =>
      actions.flatMap((action) => resources.map((resource) => ({ component, action, resource }))),
    )
    .filter((right) => !uses.some((use) => covers(right, use)));
}

const covers = (right: Unused, use: Use): boolean =>
  like(right.action.toLowerCase(), use.action.toLowerCase()) && right.resource === use.resource;
