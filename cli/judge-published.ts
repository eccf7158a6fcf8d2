/**
 * Judges documents against what is published: names that must exist, addresses that others have, the default Global
 * Domain. A problem is told before anything is written; publishing would find the same.
 */
import { claimOwners, type ClaimOwner } from '../aws/claim-owners.ts';
import type { TableOf } from '../aws/batch-get.ts';
import { inForceBy, settingsPointers } from '../aws/settings-store.ts';
import { awsViews, type Views } from '../aws/views.ts';
import { crossCheck } from '../mail/directory/cross-check.ts';
import { idOf, isSettingsForm, settingsForms } from '../mail/directory/kept.ts';
import { namesAmong, type World } from '../mail/directory/world.ts';
import type { DocumentOf, FormName, Group, Person } from '../mail/document/forms.ts';
import { foldName } from '../mail/document/names.ts';
import { references } from '../mail/document/references.ts';
import { takenBy, type Judged } from './judge.ts';

interface Candidate {
  readonly form: FormName;
  readonly document: DocumentOf[FormName];
}

/** Adds to the problems of each. */
export async function judgePublished(table: TableOf, judged: readonly Judged[]): Promise<void> {
  await judgeClaims(table, judged);
  const settings = judged.filter(({ valid }) => valid !== undefined && isSettingsForm(valid.form));
  if (settings.length === 0) return;
  const candidates = judged.flatMap(({ valid }) => valid ?? []);
  const around = await worldAround(awsViews(table), candidates);
  for (const one of candidates) putInto(around, one);
  const pointers = settingsPointers(table);
  const servers = [...(around.documents['Server']?.keys() ?? [])];
  const inForce = inForceBy(await Promise.all(servers.map((name) => pointers.pointer(name))));
  const world = { ...around, inForce } as unknown as World;
  for (const { valid, problems } of settings)
    if (valid !== undefined)
      problems.push(...crossCheck(valid.form, valid.document as never, world).problems);
}

/** An owner that is written anew without the claim lets go of it. */
async function judgeClaims(table: TableOf, judged: readonly Judged[]): Promise<void> {
  const claims = judged.flatMap((one) => one.claims);
  if (claims.length === 0) return;
  const owners = await claimOwners(table, claims);
  const claimsAfter = new Map(judged.map((one) => [one.key, one.claims]));
  for (const one of judged)
    for (const claim of one.claims) {
      const owner = owners.get(claim);
      if (owner === undefined || idOf(owner) === one.key) continue;
      if (staysWith(owner, claim, claimsAfter))
        one.problems.push(takenBy(claim, one, { form: owner.form, name: owner.spelled }));
    }
}

function staysWith(owner: ClaimOwner, claim: string, after: ReadonlyMap<string, readonly string[]>): boolean {
  return after.get(idOf(owner))?.includes(claim) ?? true;
}

/** A world under construction: one document after the other, without a copy for each. */
interface Around {
  readonly documents: Record<string, Map<string, object>>;
  readonly groups: Map<string, Group>;
  readonly people: Map<string, string | undefined>;
  readonly databases: Set<string>;
}

function putInto({ documents, groups, people, databases }: Around, { form, document }: Candidate): void {
  const name = foldName(document.name);
  if (form === 'Group') groups.set(name, document as Group);
  else if (form === 'Person') people.set(name, (document as Person).internetAddress);
  else if (form === 'MailInDatabase') databases.add(name);
  else documents[form]?.set(name, document);
}

/** The published settings forms, and whoever the candidates and Configurations name, groups opened. */
async function worldAround(views: Views, candidates: readonly Candidate[]): Promise<Around> {
  const documents = {} as Record<string, Map<string, object>>;
  for (const form of settingsForms) {
    const kept = await views.keptOfForm(form);
    documents[form] = new Map(
      kept.flatMap(({ name, document }) => (document === undefined ? [] : [[name, document as object]])),
    );
  }
  const configurations = [...(documents['Configuration'] ?? new Map<string, object>()).keys()];
  const named = candidates.flatMap(({ form, document }) => [
    ...(form === 'Configuration' ? [foldName(document.name)] : []),
    ...(form === 'Group' ? namesAmong((document as Group).members) : []),
    ...references(form, document as never).map(({ name }) => foldName(name)),
  ]);
  const around = await namedAround(views, [...configurations, ...named]);
  return { ...around, documents };
}

async function namedAround(views: Views, direct: readonly string[]): Promise<Omit<Around, 'documents'>> {
  const groups = new Map<string, Group>();
  const people = new Map<string, string | undefined>();
  const databases = new Set<string>();
  const seen = new Set<string>();
  for (let names = [...new Set(direct)]; names.length > 0;) {
    for (const name of names) seen.add(name);
    const keys = names.flatMap((name) =>
      (['Group', 'Person', 'MailInDatabase'] as const).map((form) => ({ form, name })),
    );
    for (const kept of (await views.kept(keys)).values()) {
      if (kept.document === undefined) continue;
      if (kept.form === 'Person') people.set(kept.name, kept.document.internetAddress);
      if (kept.form === 'MailInDatabase') databases.add(kept.name);
      if (kept.form === 'Group') groups.set(kept.name, kept.document);
    }
    const nested = names.flatMap((name) => namesAmong(groups.get(name)?.members ?? []));
    names = [...new Set(nested)].filter((name) => !seen.has(name));
  }
  return { groups, people, databases };
}
