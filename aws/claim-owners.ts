/** Who owns what only one document can have, as published: Internet addresses, being the default Global Domain. */
import { isForm } from '../mail/document/forms.ts';
import type { DocumentKey } from '../mail/directory/kept.ts';
import { foldName } from '../mail/document/names.ts';
import { batchGet, type TableOf } from './batch-get.ts';
import { fromItem } from './items.ts';

export interface ClaimOwner extends DocumentKey {
  /** As the document spells it. */
  readonly spelled: string;
}

/** DynamoDB takes no key over 2,048 bytes; a claim that long is refused by publishing. */
const longestKey = 2_000;

/** By claim; one that nobody owns is absent. */
export async function claimOwners(
  table: TableOf,
  claims: readonly string[],
): Promise<Map<string, ClaimOwner>> {
  const keys = [...new Set(claims)].filter((claim) => Buffer.byteLength(claim) <= longestKey);
  const items = await batchGet(
    table,
    keys.map((key) => ({ key, sort: '-' })),
  );
  const owners = items.map((item) => fromItem<{ key: string; form: string; name: string }>(item));
  return new Map(
    owners.flatMap(({ key, form, name }) =>
      isForm(form) ? [[key, { form, name: foldName(name), spelled: name }] as const] : [],
    ),
  );
}
