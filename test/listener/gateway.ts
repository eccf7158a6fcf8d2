/**
 * A real listener on loopback with fake doors that remember: settings from documents, a directory and a DNS from a
 * `World`, an acceptance that keeps what it is given, lock-out counters in memory. Loopback is a trusted proxy
 * unless the test says otherwise, so that XCLIENT can name any peer.
 *
 *     await using house = await gateway({ people: [alice] });
 *     const client = await connect(house.ports.smtp);
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { LoginAttempt, LoginGuard } from '../../mail/directory/login-guard.ts';
import { DirectoryUnavailable } from '../../mail/directory/directory.ts';
import type { Settings } from '../../mail/directory/settings.ts';
import type { Envelope } from '../../mail/envelope/envelope.ts';
import { startListener, type Listener, type ListenerOptions } from '../../listener/listener.ts';
import { settingsOf, world, type World } from '../mail/policy/world.ts';

export interface Kept {
  readonly envelope: Envelope;
  readonly body: Buffer;
}

export interface Gateway extends Listener, AsyncDisposable {
  readonly kept: Kept[];
  /** Names of log events with their fields, in order. */
  readonly events: [string, Record<string, unknown>][];
  readonly attempts: [string, LoginAttempt][];
  readonly stagingDir: string;
  readonly certificateDir: string;
  /** Changes what the documents say from now on. */
  publish(given: World): void;
  staged(): Promise<string[]>;
}

export interface GatewayOptions extends World {
  /** No settings have ever been published. */
  readonly unpublished?: boolean;
  /** Told of each acceptance before it resolves; may throw. */
  readonly onAccept?: (envelope: Envelope) => Promise<void> | void;
  readonly locked?: (attempt: LoginAttempt) => boolean;
  readonly listener?: Partial<ListenerOptions>;
}

export const alice = {
  name: 'Alice Example/Acme',
  firstName: 'Alice',
  lastName: 'Example',
  internetAddress: 'alice@acme.example',
};

export async function gateway(given: GatewayOptions = {}): Promise<Gateway> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-listener-'));
  const [stagingDir, certificateDir] = [join(folder, 'staging'), join(folder, 'certificate')];
  const kept: Kept[] = [];
  const events: Gateway['events'] = [];
  const attempts: Gateway['attempts'] = [];
  const { directory, resolver } = world({ people: [alice], ...given });
  let settings: Settings | undefined = given.unpublished ? undefined : documents(given);
  const listener = await startListener({
    host: '127.0.0.1',
    ports: { smtp: 0, submission: 0, smtps: 0 },
    settings: { current: () => (settings ? Promise.resolve(settings) : unavailable()) },
    acceptance: {
      async accept(envelope, body) {
        const bytes = body instanceof Uint8Array ? Buffer.from(body) : await buffer(body);
        await given.onAccept?.(envelope);
        kept.push({ envelope, body: bytes });
      },
    },
    loginGuard: guard(attempts, given.locked),
    directory,
    resolver,
    certificateDir,
    stagingDir,
    refreshSeconds: 0.05,
    stopSeconds: 3,
    log: logInto(events),
    ...given.listener,
  });
  const stop = async (): Promise<void> => {
    await listener.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return {
    ports: listener.ports,
    kept,
    events,
    attempts,
    stagingDir,
    certificateDir,
    stop,
    publish: (next) => void (settings = documents({ ...given, ...next })),
    staged: () => readdir(stagingDir),
    [Symbol.asyncDispose]: stop,
  };
}

let version = 0;

function documents(given: World): Settings {
  const server = { smtpListener: true, trustedProxies: ['[127.0.0.1]'], ...given.server };
  return { ...settingsOf({ people: [alice], ...given, server }), version: `v${++version}` };
}

function unavailable(): Promise<never> {
  return Promise.reject(new DirectoryUnavailable('Nothing has been published.'));
}

function guard(attempts: Gateway['attempts'], locked?: GatewayOptions['locked']): LoginGuard {
  const note = (what: string) => async (attempt: LoginAttempt) => void attempts.push([what, attempt]);
  return {
    allows: async (attempt) => !(locked?.(attempt) ?? false),
    failed: note('failed'),
    succeeded: note('succeeded'),
  };
}

function logInto(events: Gateway['events']): ListenerOptions['log'] {
  const note = (name: string) => (fields: object) => void events.push([name, { ...fields }]);
  return {
    connected: note('connected'),
    refused: note('refused'),
    listed: note('listed'),
    accepted: note('accepted'),
    gauge: () => undefined,
    fault: (what, cause, fields) => void events.push(['fault', { what, cause, ...fields }]),
  };
}
