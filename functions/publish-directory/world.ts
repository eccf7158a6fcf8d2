/**
 * Reads the world of the kept versions: the settings forms whole, and whoever they (and the documents about to be
 * published) name, groups opened. `interest` is what the settings depend on: a change of anything else leaves them
 * as they are.
 */
import { inForceBy, type SettingsStore } from '../../aws/settings-store.ts';
import type { Views } from '../../aws/views.ts';
import { references } from '../../mail/document/references.ts';
import type { DocumentOf, FormName, Group } from '../../mail/document/forms.ts';
import {
  idOf,
  isSettingsForm,
  settingsForms,
  type DocumentKey,
  type Kept,
  type SettingsForm,
} from '../../mail/directory/kept.ts';
import { formOfKey, namesAmong, type World } from '../../mail/directory/world.ts';

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
  const named = [...all, ...candidates].flatMap(namedBy);
  const loaded = await loadNamed(views, named);
  return {
    world: { ...loaded.world, documents: documents as unknown as World['documents'] },
    kept: new Map(all.map((kept) => [idOf(kept), kept])),
    interest: loaded.interest,
  };
}

/** With the Configurations that servers have by now; asked for only where groups of servers have any. */
export async function withInForce(settings: Pick<SettingsStore, 'pointer'>, world: World): Promise<World> {
  const { Server, Configuration } = world.documents;
  if (![...Configuration.keys()].some((name) => name !== '*' && !Server.has(name))) return world;
  const pointers = await Promise.all([...Server.keys()].map((name) => settings.pointer(name)));
  return { ...world, inForce: inForceBy(pointers) };
}

/** What may be meant by the names in a document: lists of thousands of names must not cost a read for every form. */
function namedBy({ form, document }: { form: FormName; document?: object | undefined }): DocumentKey[] {
  if (document === undefined) return [];
  const own = form === 'Configuration' ? [formOfKey('Group', (document as { name: string }).name)] : [];
  const named = references(form, document as never).flatMap(({ forms, name }) =>
    forms.filter((one) => !isSettingsForm(one)).map((one) => formOfKey(one, name)),
  );
  return [...own, ...named];
}

async function loadNamed(
  views: Views,
  direct: readonly DocumentKey[],
): Promise<{ world: Omit<World, 'documents'>; interest: Set<string> }> {
  const groups = new Map<string, Group>();
  const people = new Map<string, string | undefined>();
  const databases = new Set<string>();
  const interest = new Set<string>();
  let keys = fresh(direct, interest);
  while (keys.length > 0) {
    const nested = new Set<string>();
    for (const kept of (await views.kept(keys)).values()) {
      if (kept.document === undefined) continue;
      if (kept.form === 'Person') people.set(kept.name, kept.document.internetAddress);
      if (kept.form === 'MailInDatabase') databases.add(kept.name);
      if (kept.form !== 'Group') continue;
      groups.set(kept.name, kept.document);
      for (const name of namesAmong(kept.document.members)) nested.add(name);
    }
    keys = fresh(
      [...nested].flatMap((name) => memberForms.map((form) => ({ form, name }))),
      interest,
    );
  }
  return { world: { groups, people, databases }, interest };
}

const memberForms = ['Group', 'Person'] as const;

/** Keys that were not asked for yet; from now on they were. */
function fresh(keys: readonly DocumentKey[], asked: Set<string>): DocumentKey[] {
  return keys.filter((key) => {
    const id = idOf(key);
    const isNew = !asked.has(id);
    asked.add(id);
    return isNew;
  });
}
