import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { viewDigest, viewId, viewsOf } from '../../../mail/directory/document-views.ts';
import { idOf, type Kept } from '../../../mail/directory/kept.ts';
import { ViewLedger, wantedBy, type StandingView } from '../../../mail/directory/view-ledger.ts';
import { validate } from '../../../mail/document/validate.ts';

function keptPerson(n: number, names: readonly string[] = []): Kept {
  const fields = { name: `P${n}/Acme`, userNames: [...names], internetAddress: `p${n}@acme.example` };
  const { document, problems } = validate('Person', fields);
  assert.ok(document !== undefined, problems.join());
  const key = { form: 'Person' as const, name: `p${n}/acme` };
  const kept = { ...key, source: fields.name, version: 'v', hash: 'h', publishedAt: '', warnings: [] };
  return { ...kept, document, standing: standingOf(viewsFor(key.name, document)) };
}

function viewsFor(name: string, document: object): StandingView[] {
  const owner = idOf({ form: 'Person', name });
  return viewsOf('Person', name, document as never).map((view) => ({
    id: viewId(view),
    owner,
    digest: viewDigest(view),
  }));
}
const standingOf = (views: readonly StandingView[]): Record<string, string> =>
  Object.fromEntries(views.map(({ id, digest }) => [id, digest]));
const viewsIn = (kept: Kept): StandingView[] => viewsFor(kept.name, kept.document!);

test('in whatever order it is told, what agrees is forgotten, and what does not is named once', () => {
  const people = Array.from({ length: 4 }, (_, n) => keptPerson(n, ['Shared', `Own ${n}`]));
  const views = people.flatMap(viewsIn);
  const stray: StandingView = { id: 'name#eve\u0000Person#eve', owner: 'Person#eve', digest: 'x' };
  const missing = views[3]!;
  const usurped = views.find(({ id }) => id.startsWith('address#p2@'))!;
  const altered = views.find(({ id, owner }) => id.startsWith('name#shared') && owner === 'Person#p3/acme')!;
  const table = [...views, stray].flatMap((view) => {
    if (view === missing) return [];
    if (view === usurped) return [{ ...view, owner: 'Person#p0/acme' }];
    return [view === altered ? { ...view, digest: 'x' } : view];
  });
  const told = [...people, ...table];
  fc.assert(
    fc.property(fc.shuffledSubarray(told, { minLength: told.length }), (order) => {
      const ledger = new ViewLedger();
      for (const one of order) {
        if ('version' in one) ledger.keep(one);
        else ledger.stand(one);
      }
      assert.deepEqual(ledger.lacking.toSorted(), [missing.owner, 'Person#p2/acme', 'Person#p3/acme'].sort());
      assert.deepEqual(
        ledger.usurped.map(({ id, owner }) => [id, owner]),
        [[usurped.id, 'Person#p0/acme']],
      );
      assert.deepEqual(ledger.strays, [stray]);
    }),
    { numRuns: 50 },
  );
});

test('a kept version that says otherwise what stands is named', () => {
  for (const [standing, why] of [
    [{}, 'it forgot them'],
    [{ ...keptPerson(1).standing, 'name#eve\u0000Person#p1/acme': 'x' }, 'it invents one'],
    [Object.fromEntries(Object.keys(keptPerson(1).standing).map((id) => [id, 'x'])), 'it says other things'],
  ] as const) {
    const ledger = new ViewLedger();
    const kept = { ...keptPerson(1), standing };
    ledger.keep(kept);
    for (const view of viewsIn(kept)) ledger.stand(view);
    assert.deepEqual([ledger.lacking, ledger.strays], [['Person#p1/acme'], []], why);
  }
});

test('a version without a document, half written or gone, wants nothing', () => {
  const { document: _, ...gone } = keptPerson(1);
  const ledger = new ViewLedger();
  ledger.keep(gone);
  assert.deepEqual([ledger.lacking, wantedBy(gone).size], [[], 0]);
});
