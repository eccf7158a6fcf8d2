/**
 * Goes through what lies under kept/, once an hour and whenever settings have changed: removes the copies that nothing
 * needs any more, and wakes dead mail that is to be tried again by itself. So much in one run; the next goes on from there.
 * Any step may be repeated: a copy goes only after the write that ended its message. Without settings nothing is done; a
 * copy that fails is told of and left for the next pass.
 */
import type { KeptCopy, KeptMessages, KeptPass } from '../../aws/kept-messages.ts';
import { DirectoryUnavailable } from '../../mail/directory/directory.ts';
import type { SettingsSource } from '../../mail/directory/settings.ts';
import type { Configuration } from '../../mail/document/forms.ts';
import type { Clock, Spool } from '../../mail/spool/doors.ts';
import { isNeeded, toBeTried, type KeptRecords } from '../../mail/spool/kept.ts';
import { hour, later } from '../../mail/spool/keys.ts';
import type { Delivery } from '../../mail/spool/records.ts';
import { rests } from '../../mail/spool/standing.ts';

export interface KeptDoors {
  readonly kept: Pick<KeptMessages, 'keep' | 'list' | 'remove'>;
  readonly pass: KeptPass;
  readonly spool: Pick<Spool, 'message' | 'deliveries' | 'reports'>;
  readonly settings: SettingsSource;
  /** Writes where the version is the one given; false: it is not. */
  readonly put: (next: Delivery, version: number) => Promise<boolean>;
  readonly clock: Clock;
  readonly onFault: (cause: unknown, id: string) => void;
  readonly remainingMilliseconds: () => number;
}

const mostPerRun = 100;
const atOnce = 10;
const reserve = 20_000;

export async function tidyKept(doors: KeptDoors): Promise<void> {
  const set = await doors.settings.current().catch(unlessUnavailable);
  if (set === undefined) return;
  const { version, configuration } = set;
  const { after, nextAt, settings } = await doors.pass.read();
  const now = doors.clock();
  if (after === '' && nextAt > now.toISOString() && settings === version) return;
  const page = await doors.kept.list(after, mostPerRun);
  let done = 0;
  for (; done < page.length && doors.remainingMilliseconds() > reserve; done += atOnce)
    await Promise.all(page.slice(done, done + atOnce).map((copy) => tidySafely(copy, configuration, doors)));
  const last = page[Math.min(done, page.length) - 1]?.id ?? after;
  const whole = page.length < mostPerRun && done >= page.length;
  // Settings that change on the way begin another pass.
  const begun = after === '' ? version : settings;
  await doors.pass.write({ after: whole ? '' : last, nextAt: later(now, hour), settings: begun });
}

/** Whoever decides about mail tells of settings that are missing. */
function unlessUnavailable(error: unknown): undefined {
  if (!(error instanceof DirectoryUnavailable)) throw error;
}

async function tidySafely(copy: KeptCopy, configuration: Configuration, doors: KeptDoors): Promise<void> {
  try {
    await tidy(copy, configuration, doors);
  } catch (cause) {
    doors.onFault(cause, copy.id);
  }
}

async function tidy({ id, since }: KeptCopy, configuration: Configuration, doors: KeptDoors): Promise<void> {
  const found = await recordsOf(id, doors);
  const now = doors.clock();
  for (const next of toBeTried(found, configuration, now))
    await doors.put({ ...next, version: next.version + 1 }, next.version);
  if (isNeeded(found, since, now)) return;
  await doors.kept.remove(id);
  // What came to rest meanwhile, or is about to, had found its copy made already.
  const { message, deliveries } = await recordsOf(id, doors);
  const keptAgain = message?.keptAt !== found.message?.keptAt;
  if (keptAgain || deliveries.some(rests)) await doors.kept.keep(id);
}

async function recordsOf(id: string, { spool }: KeptDoors): Promise<KeptRecords> {
  const [message, deliveries, reports] = await Promise.all([
    spool.message(id),
    spool.deliveries(id),
    spool.reports(id),
  ]);
  return { message, deliveries, reports };
}
