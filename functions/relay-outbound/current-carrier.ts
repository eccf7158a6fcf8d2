/**
 * The carrier for the settings in force. A worker may drain a next hop for a quarter of an hour: settings are asked for
 * before each delivery, and a session that was opened under others is ended first. Throws where none can be confirmed.
 */
import type { Settings, SettingsSource } from '../../mail/directory/settings.ts';
import type { Carrier } from './carrier.ts';

interface Doors {
  readonly settings: SettingsSource;
  readonly carrierFor: (set: Settings) => Carrier;
}

export class CurrentCarrier {
  readonly #doors: Doors;
  #set: Settings;
  #open: Carrier | undefined;

  constructor(doors: Doors, set: Settings) {
    this.#doors = doors;
    this.#set = set;
  }

  /** Those that the last carrier was for. */
  get set(): Settings {
    return this.#set;
  }

  async take(): Promise<Carrier> {
    const set = await this.#doors.settings.current();
    if (set.version !== this.#set.version) await this.close();
    this.#set = set;
    return (this.#open ??= this.#doors.carrierFor(set));
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.close();
  }
}
