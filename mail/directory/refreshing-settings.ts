/**
 * The current settings, held in memory. Their age is looked at when they are asked for: older than
 * `refreshSeconds`, they are confirmed first, once for all who ask meanwhile. Where that fails, a set serves until
 * it has been unconfirmed for 60 seconds; then, and where none was ever published, DirectoryUnavailable. A set is
 * swapped whole.
 */
import { DirectoryUnavailable } from './directory.ts';
import type { Settings, SettingsSource } from './settings.ts';

const longestUnconfirmed = 60_000;
/** After a failed read callers are served from memory, or refused, for so long before the next try. */
const pauseAfterFailure = 1_000;

const nothingPublished =
  'No settings are published for this server; publish its Server document and a Configuration.';

export interface RefreshOptions {
  readonly refreshSeconds: number;
  readonly clock: () => Date;
  /** The settings in force: `held` itself where it is still current; undefined: none were ever published. */
  readonly read: (held: Settings | undefined) => Promise<Settings | undefined>;
}

export function refreshingSettings({ refreshSeconds, clock, read }: RefreshOptions): SettingsSource {
  let held: { settings: Settings; confirmedAt: number } | undefined;
  let failure: { at: number; error: DirectoryUnavailable } | undefined;
  let reading: Promise<void> | undefined;

  async function refresh(): Promise<void> {
    const at = clock().getTime();
    try {
      const settings = await read(held?.settings);
      if (settings === undefined) throw new DirectoryUnavailable(nothingPublished);
      held = { settings, confirmedAt: at };
      failure = undefined;
    } catch (cause) {
      failure = { at: clock().getTime(), error: unavailable(cause) };
    }
  }

  return {
    async current() {
      const now = clock().getTime();
      const fresh = held !== undefined && now - held.confirmedAt < refreshSeconds * 1_000;
      const paused = failure !== undefined && now - failure.at < pauseAfterFailure;
      if (!fresh && !paused) await (reading ??= refresh().finally(() => (reading = undefined)));
      if (held !== undefined && clock().getTime() - held.confirmedAt <= longestUnconfirmed)
        return held.settings;
      throw failure?.error ?? new DirectoryUnavailable('Settings could not be confirmed for 60 seconds.');
    },
  };
}

function unavailable(cause: unknown): DirectoryUnavailable {
  if (cause instanceof DirectoryUnavailable) return cause;
  return new DirectoryUnavailable('Settings could not be read.', { cause });
}
