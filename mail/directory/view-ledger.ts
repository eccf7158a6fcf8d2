/**
 * Views as they should be against views as they stand: told of both in any order, it forgets each pair that agrees,
 * and what is left is damage. Kept versions and views are read while others write, so what is left is a suspicion,
 * to be looked at again with a strong read.
 */
import { isClaim, viewDigest, viewId, viewKey, viewsOf } from './document-views.ts';
import { idOf, type Kept } from './kept.ts';

/** A view as it stands in the table. */
export interface StandingView {
  readonly id: string;
  /** Id of the document that has it; undefined: no document can. */
  readonly owner: string | undefined;
  readonly digest: string;
}

type Wanted = Omit<StandingView, 'owner'> & { readonly owner: string };

export class ViewLedger {
  readonly #wanted = new Map<string, Wanted>();
  readonly #standing = new Map<string, StandingView>();
  readonly #wrong = new Set<string>();

  keep(kept: Kept): void {
    const owner = idOf({ form: kept.form, name: kept.name });
    const wanted = wantedBy(kept);
    if (kept.document !== undefined && !standsAs(kept, wanted)) this.#wrong.add(owner);
    for (const [id, digest] of wanted) {
      if (agree(this.#standing.get(id), { owner, digest })) this.#standing.delete(id);
      else this.#wanted.set(id, { id, owner, digest });
    }
  }

  stand(view: StandingView): void {
    if (agree(this.#wanted.get(view.id), view)) this.#wanted.delete(view.id);
    else this.#standing.set(view.id, view);
  }

  /** Ids of documents that lack a view, have one that says something else, or do not know which they have. */
  get lacking(): string[] {
    return [...new Set([...this.#wrong, ...[...this.#wanted.values()].map(({ owner }) => owner)])];
  }

  /** Claims that stand for another document than the one whose they are. */
  get usurped(): StandingView[] {
    return [...this.#standing.values()].filter(({ id, owner }) => {
      const wanted = this.#wanted.get(id);
      return wanted !== undefined && wanted.owner !== owner && isClaim(viewKey(id));
    });
  }

  /** Views that no kept version gives. */
  get strays(): StandingView[] {
    return [...this.#standing.values()].filter(({ id }) => !this.#wanted.has(id));
  }
}

/** Ids and digests of the views that a kept version gives. */
export function wantedBy({ form, name, document }: Kept): Map<string, string> {
  if (document === undefined) return new Map();
  return new Map(viewsOf(form, name, document).map((view) => [viewId(view), viewDigest(view)]));
}

/** The kept version says that these views stand, and no others. */
export function standsAs({ standing }: Pick<Kept, 'standing'>, views: ReadonlyMap<string, string>): boolean {
  const said = Object.entries(standing);
  return said.length === views.size && said.every(([id, digest]) => views.get(id) === digest);
}

function agree(
  one: StandingView | undefined,
  other: { readonly owner: string | undefined; readonly digest: string },
): boolean {
  return one !== undefined && one.owner === other.owner && one.digest === other.digest;
}
