/**
 * The fields of a form as rows: for the documentation, and for the nearest known name of an unknown one.
 */
import * as z from 'zod';
import { forms, type FormName } from './forms.ts';
import { places, type Place } from './list-entry.ts';

export type FieldRow = {
  /** `routing.relayHost`; `[]` stands for an entry of a list of maps: `rules[].name`. */
  readonly path: string;
  readonly type: string;
  /** JSON; absent: there is none. */
  readonly fallback?: string;
  readonly required: boolean;
  readonly description: string;
  readonly domino: string;
  /** Of a list of hosts, domains or addresses: what its entries may be. */
  readonly place?: Place;
};

/** Parts of zod's definitions that a walk needs. */
type Definition = {
  readonly type: string;
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly element?: z.core.$ZodType;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly options?: readonly z.core.$ZodType[];
  readonly entries?: Readonly<Record<string, string>>;
  readonly values?: readonly string[];
  readonly defaultValue?: unknown;
};

export function fieldRows(form: FormName): readonly FieldRow[] {
  return rowsBelow(forms[form], '');
}

/** Dotted paths of all fields, maps included. */
export function fieldPaths(form: FormName): readonly string[] {
  return fieldRows(form).map(({ path }) => path);
}

function rowsBelow(schema: z.core.$ZodType, prefix: string): FieldRow[] {
  const inner = bare(schema);
  const { shape, options, element } = definitionOf(inner);
  if (element !== undefined && isMap(bare(element))) return rowsBelow(element, `${prefix}[]`);
  const shapes =
    options === undefined ? [shape ?? {}] : options.map((option) => definitionOf(option).shape ?? {});
  const rows = shapes.flatMap((fields) =>
    Object.entries(fields).flatMap(([name, field]) => {
      const path = prefix === '' ? name : `${prefix}.${name}`;
      return [rowOf(path, field), ...rowsBelow(field, path)];
    }),
  );
  return unique(rows);
}

/** A field that several actions of a rule have is one row with all its values. */
function unique(rows: readonly FieldRow[]): FieldRow[] {
  const found = new Map<string, FieldRow>();
  for (const row of rows) {
    const known = found.get(row.path);
    const type = known === undefined || known.type === row.type ? row.type : `${known.type}, ${row.type}`;
    found.set(row.path, { ...row, ...known, type });
  }
  return [...found.values()];
}

function rowOf(path: string, schema: z.core.$ZodType): FieldRow {
  const meta = z.globalRegistry.get(schema) ?? {};
  const fallback = defaultOf(schema);
  const { place } = meta;
  return {
    path,
    type: typeOf(bare(schema)),
    ...(fallback === undefined ? {} : { fallback: JSON.stringify(fallback) }),
    ...(isPlace(place) ? { place } : {}),
    required: meta['required'] === true,
    description: meta.description ?? '',
    domino: typeof meta['domino'] === 'string' ? meta['domino'] : 'none',
  };
}

function isPlace(value: unknown): value is Place {
  return typeof value === 'string' && Object.hasOwn(places, value);
}

function typeOf(schema: z.core.$ZodType): string {
  const { type, entries, values, element, options } = definitionOf(schema);
  if (type === 'enum')
    return Object.values(entries ?? {})
      .map(quoted)
      .join(', ');
  if (type === 'literal') return (values ?? []).map(quoted).join(', ');
  if (type === 'template_literal') return '`header:<name>`';
  if (type === 'object' || (type === 'union' && options?.every(isMap) === true)) return 'map';
  if (type === 'union') return (options ?? []).map(typeOf).join(', ');
  if (type === 'array') return isMap(bare(element!)) ? 'list of maps' : 'list';
  return type;
}

function quoted(value: string): string {
  return `\`${value}\``;
}

function isMap(schema: z.core.$ZodType): boolean {
  const { type, options } = definitionOf(schema);
  return type === 'object' || (type === 'union' && options?.every(isMap) === true);
}

function defaultOf(schema: z.core.$ZodType): unknown {
  const { type, defaultValue, in: input } = definitionOf(schema);
  if (type === 'default') return defaultValue;
  return type === 'pipe' && input !== undefined ? defaultOf(input) : undefined;
}

/** Without default, optional and transform. */
function bare(schema: z.core.$ZodType): z.core.$ZodType {
  const { type, innerType, in: input } = definitionOf(schema);
  if (innerType !== undefined) return bare(innerType);
  return type === 'pipe' && input !== undefined ? bare(input) : schema;
}

function definitionOf(schema: z.core.$ZodType): Definition {
  return schema._zod.def;
}
