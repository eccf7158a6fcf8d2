/**
 * Compiles the settings of every server from the kept versions and moves the pointers. The pointers are read
 * before the kept versions: a pointer that moved meanwhile means that somebody knows more, and all is done again.
 * A server that is gone, or to which no Configuration applies any more, loses its pointer. The full pass also reads
 * each set: one that somebody has deleted or altered is written anew.
 */
import { randomBytes } from 'node:crypto';
import { inForceBy, type Pointer, type SettingsStore } from '../../aws/settings-store.ts';
import type { Views } from '../../aws/views.ts';
import { contentHash } from '../../mail/directory/content.ts';
import { compileSettings } from '../../mail/directory/compile-settings.ts';
import type { Settings } from '../../mail/directory/settings.ts';
import type { MailLog } from '../../aws/mail-log.ts';
import type { Clock } from '../../mail/spool/doors.ts';
import { loadWorld } from './world.ts';

const mostTries = 20;

export interface SettingsNeeds {
  readonly views: Views;
  readonly settings: SettingsStore;
  readonly clock: Clock;
  readonly log: Pick<MailLog, 'fault'>;
}

export async function publishSettings(needs: SettingsNeeds, reading?: 'read again'): Promise<void> {
  const isWhole = reading === undefined ? () => Promise.resolve(true) : wholeness(needs);
  for (let tries = 1; !(await publishOnce(needs, isWhole)); tries += 1)
    if (tries >= mostTries) throw new Error('The settings changed under the publisher again and again.');
}

type IsWhole = (pointer: Pointer) => Promise<boolean>;

async function publishOnce(needs: SettingsNeeds, isWhole: IsWhole): Promise<boolean> {
  const { views, settings } = needs;
  // Those whose documents have just gone are among them.
  const names = (await views.keptOfForm('Server')).map(({ name }) => name);
  const pointers = await Promise.all(names.map((name) => settings.pointer(name)));
  const loaded = await loadWorld(views, []);
  const world = { ...loaded.world, inForce: inForceBy(pointers) };
  for (const [index, name] of names.entries()) {
    const server = world.documents.Server.get(name);
    const next = server === undefined ? undefined : compileSettings(server, world);
    const seen = pointers[index];
    if (next !== undefined && next.version === seen?.version && (await isWhole(seen))) continue;
    if (!(await publishServer(needs, next, seen))) return false;
  }
  return true;
}

async function publishServer(
  { settings, clock }: SettingsNeeds,
  next: Settings | undefined,
  seen: Pointer | undefined,
): Promise<boolean> {
  if (next === undefined) return seen === undefined || settings.remove(seen);
  const forwardingKey = seen?.forwardingKey ?? randomBytes(32).toString('base64');
  return settings.write({ ...next, forwardingKey }, seen, clock().toISOString());
}

/** Is the set that the pointer means there, and what its version says? Otherwise the listener defers all mail. */
function wholeness({ settings, log }: SettingsNeeds): IsWhole {
  return async (pointer) => {
    try {
      const { version, forwardingKey: _, ...content } = await settings.read(pointer);
      if (contentHash(content) === version) return true;
      throw new Error(`${pointer.objectKey} does not hold what was published.`);
    } catch (cause) {
      log.fault('Published settings are gone or altered, and written anew.', cause, {
        server: pointer.server,
      });
      return false;
    }
  };
}
