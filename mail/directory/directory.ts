/**
 * The door to the directory: Domino's `$Users` view as look-ups, one read each. Every look-up may throw
 * DirectoryUnavailable: then the answer is 451 or the queue waits (promise 4), never a default.
 */
import type { Group, MailInDatabase, Person } from '../document/forms.ts';

export type Entry =
  | {
      readonly form: 'Person';
      readonly name: string;
      readonly document: Person;
      readonly keys: readonly Key[];
    }
  | {
      readonly form: 'MailInDatabase';
      readonly name: string;
      readonly document: MailInDatabase;
      readonly keys: readonly Key[];
    }
  /** Members are left out here; `group` reads them. */
  | {
      readonly form: 'Group';
      readonly name: string;
      readonly document: Omit<Group, 'members'>;
      readonly keys: readonly Key[];
    };

/** How the entry matched the text looked up. */
export type Key =
  'internet-address' | 'full-name' | 'common-name' | 'user-name' | 'short-name' | 'first-name' | 'last-name';

export interface Directory {
  /** Who owns this Internet address (any case); nobody: an empty list. */
  findAddress(address: string): Promise<Entry[]>;
  /** Everybody with this text among their names (domino-rules.md 3.1 L2, L5): case and `_` `.` for spaces do not matter. */
  findName(name: string): Promise<Entry[]>;
  /**
   * The document with exactly this full name, if there is one: what `findName` would find, for less. Many asked at once
   * are read together.
   */
  fullName?(name: string): Promise<Entry | undefined>;
  /** One group with its members, by name; undefined: no such group. */
  group(name: string): Promise<Group | undefined>;
}

/** Look-ups or settings could not be read, or not confirmed for 60 seconds. */
export class DirectoryUnavailable extends Error {
  override readonly name = 'DirectoryUnavailable';
}
