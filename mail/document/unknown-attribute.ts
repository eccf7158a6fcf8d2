/** What to say of an attribute that the form does not know: where it probably belongs. */
import { fieldPaths } from './field-list.ts';
import type { FormName } from './forms.ts';
import { nearest } from './nearest.ts';

/** Attributes of every document beside its form's. */
const keys = ['form', 'name'];

/** A map with few fields is told whole. */
const FEW = 12;

/** `map` is the path of the map that holds the attribute, without indexes (`rules[]`); empty: the document. */
export function unknownAttribute(form: FormName, map: string, attribute: string): string {
  const paths = fieldPaths(form);
  if (paths.includes(`${map}.${attribute}`)) return 'does not go with this action';
  const suggestion = suggest(paths, map, attribute);
  if (suggestion !== undefined) return `unknown attribute; did you mean ${suggestion}?`;
  const siblings = childrenOf(paths, map);
  if (map === '') return `unknown attribute; a ${form} document has no such field`;
  const all = siblings.length <= FEW ? `: it has ${siblings.join(', ')}` : '';
  return `unknown attribute; ${map} has no such field${all}`;
}

function suggest(paths: readonly string[], map: string, attribute: string): string | undefined {
  if (paths.includes(attribute) && attribute.includes('.')) return `the map ${asMap(attribute)}`;
  const siblings = childrenOf(paths, map);
  const sibling = nearest(attribute, map === '' ? [...siblings, ...keys] : siblings);
  if (sibling !== undefined) return map === '' ? sibling : `${map}.${sibling}`;
  return nearestElsewhere(paths, attribute);
}

/** `{"routing": {"relayHost": …}}` */
function asMap(path: string): string {
  const parts = path.split('.');
  return `${parts.map((part) => `{"${part}": `).join('')}…${'}'.repeat(parts.length)}`;
}

function nearestElsewhere(paths: readonly string[], attribute: string): string | undefined {
  const leaves = new Map<string, string>();
  for (const path of paths) {
    const leaf = path.slice(path.lastIndexOf('.') + 1);
    if (!leaves.has(leaf)) leaves.set(leaf, path);
  }
  const leaf = nearest(attribute, [...leaves.keys()]);
  return leaf === undefined ? undefined : leaves.get(leaf);
}

function childrenOf(paths: readonly string[], map: string): string[] {
  const prefix = map === '' ? '' : `${map}.`;
  return paths
    .filter((path) => path.startsWith(prefix))
    .map((path) => path.slice(prefix.length))
    .filter((rest) => !rest.includes('.'));
}
