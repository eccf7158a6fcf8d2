/** Who owns what only one document can have, as published: Internet addresses, being the default Global Domain. */
import { isForm } from '../mail/document/form-names.ts';
import type { DocumentKey } from '../mail/directory/kept.ts';
import { foldName } from '../mail/document/names.ts';
import { batchGet, type TableOf } from './batch-get.ts';
import { fromItem, type Item } from './items.ts';

export interface ClaimOwner extends DocumentKey {
  /** As the document spells it. */
  readonly spelled: string;
}

/** DynamoDB takes no key over 2,048 bytes; a claim that long is refused by publishing. */
const longestKey = 2_000;
/** Keys asked for side by side: more would only wait for connections. */
const atOnce = 1_000;

/** By claim; one that nobody owns is absent. */
export async function claimOwners(
  table: TableOf,
  claims: readonly string[],
): Promise<Map<string, ClaimOwner>> {
  const keys = [...new Set(claims)].filter((claim) => Buffer.byteLength(claim) <= longestKey);
  const items: Item[] = [];
  for (let at = 0; at < keys.length; at += atOnce) {
    const some = keys.slice(at, at + atOnce).map((key) => ({ key, sort: '-' }));
    items.push(...(await batchGet(table, some)));
  }
  const owners = items.map((item) => fromItem<{ key: string; form: string; name: string }>(item));
  return new Map(
    owners.flatMap(({ key, form, name }) =>
      isForm(form) ? [[key, { form, name: foldName(name), spelled: name }] as const] : [],
    ),
  );
}
