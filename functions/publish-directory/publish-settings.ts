/**
 * Compiles the settings of every server from the kept versions and moves the pointers. The pointers are read
 * before the kept versions: a pointer that moved meanwhile means that somebody knows more, and all is done again.
 * A server that is gone, or to which no Configuration applies any more, loses its pointer.
 */
import { randomBytes } from 'node:crypto';
import type { Pointer, SettingsStore } from '../../aws/settings-store.ts';
import type { Views } from '../../aws/views.ts';
import { compileSettings } from '../../mail/directory/compile-settings.ts';
import type { Settings } from '../../mail/directory/settings.ts';
import type { Clock } from '../../mail/spool/doors.ts';
import { loadWorld } from './world.ts';

const mostTries = 20;

export interface SettingsNeeds {
  readonly views: Views;
  readonly settings: SettingsStore;
  readonly clock: Clock;
}

/** `gone`: folded names of servers whose documents ended in this run. */
export async function publishSettings(needs: SettingsNeeds, gone: readonly string[]): Promise<void> {
  for (let tries = 1; !(await publishOnce(needs, gone)); tries += 1)
    if (tries >= mostTries) throw new Error('The settings changed under the publisher again and again.');
}

async function publishOnce(needs: SettingsNeeds, gone: readonly string[]): Promise<boolean> {
  const { views, settings } = needs;
  const servers = (await views.keptOfForm('Server')).map(({ name }) => name);
  const names = [...new Set([...servers, ...gone])];
  const pointers = await Promise.all(names.map((name) => settings.pointer(name)));
  const { world } = await loadWorld(views, []);
  for (const [index, name] of names.entries()) {
    const server = world.documents.Server.get(name);
    const next = server === undefined ? undefined : compileSettings(server, world);
    if (!(await publishServer(needs, next, pointers[index]))) return false;
  }
  return true;
}

async function publishServer(
  { settings, clock }: SettingsNeeds,
  next: Settings | undefined,
  seen: Pointer | undefined,
): Promise<boolean> {
  if (next === undefined) return seen === undefined || settings.remove(seen);
  if (next.version === seen?.version) return true;
  const forwardingKey = seen?.forwardingKey ?? randomBytes(32).toString('base64');
  return settings.write({ ...next, forwardingKey }, seen, clock().toISOString());
}
