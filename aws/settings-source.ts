/** The door SettingsSource over table `views` (the pointer) and S3 (the set): see refreshing-settings.ts. */
import type { Settings, SettingsSource } from '../mail/directory/settings.ts';
import { refreshingSettings } from '../mail/directory/refreshing-settings.ts';
import { dynamodb, s3 } from './clients.ts';
import { settingsStore, type SettingsStore } from './settings-store.ts';

/** A read that hangs longer counts as failed: the dialogue waits for it. */
const timeoutMs = 5_000;

export function awsSettings(options: {
  readonly viewsTable: string;
  readonly bucket: string;
  readonly server: string;
  readonly refreshSeconds: number;
  readonly clock: () => Date;
}): SettingsSource {
  const { viewsTable: table, bucket, server, refreshSeconds, clock } = options;
  const store = settingsStore({ client: dynamodb(), table, s3: s3(), bucket, timeoutMs });
  return refreshingSettings({
    refreshSeconds,
    clock,
    read: (held) => currentSettings(store, server, held),
  });
}

/**
 * `held` itself where it is still the current set; undefined: none is published. A set that cannot be read may have
 * been left behind, and deleted, since the pointer was read: then the one that it means now is.
 */
export async function currentSettings(
  store: Pick<SettingsStore, 'pointer' | 'read'>,
  server: string,
  held: Settings | undefined,
): Promise<Settings | undefined> {
  const pointer = await store.pointer(server);
  if (pointer === undefined) return undefined;
  if (pointer.version === held?.version) return held;
  return store.read(pointer).catch(async (cause: unknown) => {
    const now = await store.pointer(server);
    if (now === undefined || now.objectKey === pointer.objectKey) throw cause;
    return store.read(now);
  });
}
