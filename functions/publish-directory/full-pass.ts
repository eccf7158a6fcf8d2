/**
 * The full pass, every 15 minutes: holds every view against the kept versions (repair-views.ts); compares every item with what is kept of it, finds what is kept without an item
 * and what is rejected without one, and publishes whatever differs; then judges documents against each other and
 * against what lies outside (secrets, DNS lists), and publishes the settings, in any case. It repairs what a lost
 * stream record, an interrupted run or newer rules left behind.
 */
import { contentHash } from '../../mail/directory/content.ts';
import { forms, type FormName } from '../../mail/document/forms.ts';
import { idOf, settingsForms, type SourceKey } from '../../mail/directory/kept.ts';
import { gather, isCurrent } from './cases.ts';
import { judgeTogether, publish, type Failures, type Publisher } from './publish.ts';
import { restoreViews } from './repair-views.ts';
import { publishSettings } from './publish-settings.ts';

export async function fullPass(publisher: Publisher): Promise<void> {
  const repair = await restoreViews(publisher);
  const seen = new Set<string>();
  for await (const page of publisher.table.scan()) {
    for (const item of page) seen.add(idOf(item));
    const cases = await gather(publisher, page);
    await publishAll(
      publisher,
      cases.filter((one) => !isCurrent(one)).map(({ source }) => source),
    );
  }
  for (const form of Object.keys(forms) as FormName[]) {
    const gone = [...(await publisher.views.keptSources(form)), ...(await rejectedSources(publisher, form))];
    await publishAll(
      publisher,
      gone.filter((source) => !seen.has(idOf(source))),
    );
  }
  await publishAll(publisher, [...(await repair.clear()), ...repair.contested]);
  await publishAll(publisher, await warnedOtherwise(publisher));
  refuse(await judgeTogether(publisher));
  await publishSettings(publisher, 'read again');
  repair.end();
}

/** Documents whose secrets or DNS lists came, or went. */
async function warnedOtherwise({ views, outside }: Publisher): Promise<SourceKey[]> {
  const all = (await Promise.all(settingsForms.map((form) => views.keptOfForm(form)))).flat();
  const asked = await Promise.all(
    all.map(async ({ form, source, document, warned }) => {
      if (document === undefined) return [];
      const same = contentHash(await outside.warnings(form, document)) === warned?.outside;
      return same ? [] : [{ form, name: source }];
    }),
  );
  return asked.flat();
}

async function rejectedSources({ views }: Publisher, form: FormName): Promise<SourceKey[]> {
  return (await views.rejectedOfForm(form)).map(({ source }) => ({ form, name: source }));
}

async function publishAll(publisher: Publisher, sources: readonly SourceKey[]): Promise<void> {
  if (sources.length === 0) return;
  refuse(await publish(publisher, sources, 'forced'));
}

function refuse(failures: Failures): void {
  if (failures.size > 0)
    throw new Error(`${failures.size} documents could not be published in the full pass.`, {
      cause: [...failures.values()][0],
    });
}
