/**
 * Logins by name and password. Finds the one Person whose name it is (Server document, `internetAuthentication`),
 * verifies against the stored hash, and asks the guard first. A name that nobody or more than one person has costs
 * the same time. A login verified a moment ago is not verified again while the stored hash is the same.
 * Throws where directory or guard cannot be asked: the answer is 454.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { foldText } from '../mail/address/address.ts';
import type { Directory, Entry, Key } from '../mail/directory/directory.ts';
import type { LoginAttempt, LoginGuard } from '../mail/directory/login-guard.ts';
import { nobodysPassword, verifyPassword } from '../mail/directory/password.ts';
import type { Server } from '../mail/document/forms.ts';

type PersonEntry = Extract<Entry, { form: 'Person' }>;

export type LoginOutcome =
  | { readonly outcome: 'ok'; readonly person: string }
  | { readonly outcome: 'failed' }
  | { readonly outcome: 'locked' };

export interface Credentials {
  readonly name: string;
  readonly password: string;
  readonly peer: string;
}

interface LoginDoors {
  readonly directory: Directory;
  readonly guard: LoginGuard;
  readonly refreshSeconds: number;
}

const fewer: ReadonlySet<Key> = new Set(['full-name', 'common-name', 'user-name', 'internet-address']);
const mostRemembered = 10_000;

export class Logins {
  readonly #doors: LoginDoors;
  readonly #verified = new Map<string, number>();
  readonly #secret = randomBytes(32);

  constructor(doors: LoginDoors) {
    this.#doors = doors;
  }

  async login(credentials: Credentials, names: Server['internetAuthentication']): Promise<LoginOutcome> {
    const { guard } = this.#doors;
    const attempt: LoginAttempt = { name: credentials.name, peer: credentials.peer };
    if (!(await guard.allows(attempt))) return { outcome: 'locked' };
    const person = await this.#find(credentials.name, names);
    if (!(await this.#verify(credentials.password, person?.document.password)) || person === undefined) {
      await guard.failed(attempt);
      return { outcome: 'failed' };
    }
    await guard.succeeded(attempt);
    return { outcome: 'ok', person: person.name };
  }

  /** The one person of that name; of the further variations only where they are unique. */
  async #find(name: string, names: Server['internetAuthentication']): Promise<PersonEntry | undefined> {
    const { directory } = this.#doors;
    const [byAddress, byName] = await Promise.all([
      name.includes('@') ? directory.findAddress(name) : [],
      directory.findName(name),
    ]);
    const people = new Map<string, PersonEntry>();
    for (const entry of [...byAddress, ...byName])
      if (entry.form === 'Person') people.set(foldText(entry.name), entry);
    const usual = [...people.values()].filter((entry) => entry.keys.some((key) => fewer.has(key)));
    if (usual.length > 0 || names === 'fewer-name-variations') return only(usual);
    return only([...people.values()]);
  }

  async #verify(password: string, stored: string | undefined): Promise<boolean> {
    const hash = stored ?? nobodysPassword;
    const key = createHmac('sha256', this.#secret).update(`${hash}\0${password}`).digest('base64');
    const now = performance.now();
    if ((this.#verified.get(key) ?? 0) > now) return true;
    if (!(await verifyPassword(password, hash))) return false;
    if (this.#verified.size >= mostRemembered) this.#verified.clear();
    this.#verified.set(key, now + this.#doors.refreshSeconds * 1000);
    return true;
  }
}

function only<T>(list: readonly T[]): T | undefined {
  return list.length === 1 ? list[0] : undefined;
}
