/**
 * Reads the world of the kept versions: the settings forms whole, and whoever they (and the documents about to be
 * published) name, groups opened. `interest` is what the settings depend on: a change of anything else leaves them
 * as they are.
 */
import type { Views } from '../../aws/views.ts';
import { foldName } from '../../mail/document/names.ts';
import { references } from '../../mail/document/references.ts';
import type { DocumentOf, FormName, Group } from '../../mail/document/forms.ts';
import {
  idOf,
  settingsForms,
  type DocumentKey,
  type Kept,
  type SettingsForm,
} from '../../mail/directory/kept.ts';
import { namesAmong, type World } from '../../mail/directory/world.ts';

export interface LoadedWorld {
  readonly world: World;
  /** Kept versions of the settings forms, by id. */
  readonly kept: ReadonlyMap<string, Kept<SettingsForm>>;
  readonly interest: ReadonlySet<string>;
}

export interface Candidate<F extends FormName = FormName> {
  readonly form: F;
  readonly document: DocumentOf[F];
}

export async function loadWorld(views: Views, candidates: readonly Candidate[]): Promise<LoadedWorld> {
  const all = (await Promise.all(settingsForms.map((form) => views.keptOfForm(form)))).flat();
  const documents = {} as Record<SettingsForm, Map<string, object>>;
  for (const form of settingsForms) documents[form] = new Map();
  for (const { form, name, document } of all) if (document !== undefined) documents[form].set(name, document);
  const named = [...all, ...candidates].flatMap(namesIn);
  const loaded = await loadNamed(views, named);
  return {
    world: { ...loaded.world, documents: documents as unknown as World['documents'] },
    kept: new Map(all.map((kept) => [idOf(kept), kept])),
    interest: loaded.interest,
  };
}

function namesIn({ form, document }: { form: FormName; document?: object | undefined }): string[] {
  if (document === undefined) return [];
  const own = form === 'Configuration' ? [foldName((document as { name: string }).name)] : [];
  return [...own, ...references(form, document as never).map(({ name }) => foldName(name))];
}

const namedForms = ['Group', 'Person', 'MailInDatabase'] as const;

async function loadNamed(
  views: Views,
  direct: readonly string[],
): Promise<{ world: Omit<World, 'documents'>; interest: Set<string> }> {
  const groups = new Map<string, Group>();
  const people = new Map<string, string | undefined>();
  const databases = new Set<string>();
  const interest = new Set<string>();
  for (let names = [...new Set(direct)]; names.length > 0;) {
    const keys: DocumentKey[] = names.flatMap((name) => namedForms.map((form) => ({ form, name })));
    for (const key of keys) interest.add(idOf(key));
    const nested = new Set<string>();
    for (const kept of (await views.kept(keys)).values()) {
      if (kept.document === undefined) continue;
      if (kept.form === 'Person') people.set(kept.name, kept.document.internetAddress);
      if (kept.form === 'MailInDatabase') databases.add(kept.name);
      if (kept.form !== 'Group') continue;
      groups.set(kept.name, kept.document);
      for (const name of namesAmong(kept.document.members)) nested.add(name);
    }
    names = [...nested].filter((name) => !interest.has(idOf({ form: 'Group', name })));
  }
  return { world: { groups, people, databases }, interest };
}
