/**
 * The SMTP listener: dialogue, policy, spool. Receives connections on three ports, doors to settings, directory,
 * DNS, lock-out counters and acceptance; writes message bodies to the staging folder while they wait for their
 * verdict, and nothing else. Documents open and close its ports while it runs. The same call starts it in the
 * container (main.ts) and on one machine.
 *
 * When a door fails the reply is 451 or 421 and the cause goes to the log; the listener itself stays up.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Directory } from '../mail/directory/directory.ts';
import type { LoginGuard } from '../mail/directory/login-guard.ts';
import type { SettingsSource } from '../mail/directory/settings.ts';
import type { ListenerPort } from '../mail/envelope/envelope.ts';
import type { Resolver } from '../mail/relay/doors.ts';
import type { Acceptance } from '../mail/spool/doors.ts';
import { endsSoon, readCertificate, type Certificate } from './certificate.ts';
import { House, type ListenerLog } from './house.ts';
import { Logins } from './logins.ts';
import { judgeMessage, type JudgeMessage } from './policy.ts';
import { Room, Turnstile, type RoomOptions } from './room.ts';
import { SmtpPort } from './smtp-port.ts';

export interface ListenerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly ports: Readonly<Record<ListenerPort, number>>;
  readonly settings: SettingsSource;
  readonly directory: Directory;
  readonly acceptance: Acceptance;
  readonly resolver: Resolver;
  readonly loginGuard: LoginGuard;
  /** Holds `key.pem` and `cert.pem`, or the self-signed pair made at the first start. */
  readonly certificateDir: string;
  /** PEM of key and chain from a secret; it wins over the folder. */
  readonly certificate?: () => Promise<string | undefined>;
  /** How often it is looked at again; tests set it. */
  readonly certificateSeconds?: number;
  readonly stagingDir: string;
  readonly refreshSeconds: number;
  readonly log: ListenerLog;
  readonly judgeMessage?: JudgeMessage;
  readonly idleSeconds?: number;
  /** How long running sessions may take at a stop, in seconds. */
  readonly stopSeconds?: number;
  readonly room?: Pick<RoomOptions, 'memory' | 'disk'>;
}

export interface Listener {
  readonly ports: Readonly<Record<ListenerPort, number>>;
  /** 421 to new and idle sessions; resolves when messages that are coming in have their replies. */
  stop(): Promise<void>;
}

const portNames: readonly ListenerPort[] = ['smtp', 'submission', 'smtps'];
const uploadsAtOnce = 4;
const certificateSeconds = 60;

export async function startListener(options: ListenerOptions): Promise<Listener> {
  await emptyStaging(options.stagingDir);
  const house = houseOf(options);
  const settings = await house.knownSettings();
  const hostName = settings?.server.hostName ?? 'localhost';
  const certificate = await certificateOf(options, hostName);
  const ports = portNames.map(
    (name) =>
      new SmtpPort({
        house,
        name,
        certificate,
        host: options.host,
        port: options.ports[name],
        idleSeconds: options.idleSeconds ?? 300,
      }),
  );
  try {
    for (const port of ports) await port.open();
  } catch (cause) {
    for (const port of ports) port.shut();
    throw cause;
  }
  const watch = watchDocuments(options, house, ports);
  const renew = renewCertificate(options, house, { ports, certificate });
  const numbers = Object.fromEntries(portNames.map((name, n) => [name, ports[n]!.number]));
  return {
    ports: numbers as Record<ListenerPort, number>,
    async stop() {
      house.stopping = true;
      clearInterval(renew);
      await watch.stop();
      await endSessions(ports, (options.stopSeconds ?? 110) * 1000);
    },
  };
}

function houseOf(options: ListenerOptions): House {
  const { directory, acceptance, resolver, loginGuard: guard, refreshSeconds, log, stagingDir } = options;
  const onTrouble = (cause: unknown): void => log.fault('The staging folder gives trouble', cause);
  return new House({
    source: options.settings,
    directory,
    acceptance,
    resolver,
    log,
    stagingDir,
    judgeMessage: options.judgeMessage ?? judgeMessage,
    logins: new Logins({ directory, guard, refreshSeconds }),
    room: new Room({ directory: stagingDir, onTrouble, ...options.room }),
    uploads: new Turnstile(uploadsAtOnce),
  });
}

/** What a killed run left behind never got its 250. */
async function emptyStaging(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const left = (await readdir(directory)).filter((name) => name.endsWith('.eml'));
  await Promise.all(left.map((name) => rm(join(directory, name), { force: true })));
}

/** Opens and closes ports as documents say; without settings they stay as they are. */
function watchDocuments(
  { refreshSeconds, log }: ListenerOptions,
  house: House,
  ports: readonly SmtpPort[],
): { stop(): Promise<void> } {
  let running = follow();
  const timer = setInterval(() => void (running = running.then(follow)), refreshSeconds * 1000);
  timer.unref();
  async function follow(): Promise<void> {
    const settings = await house.knownSettings();
    if (settings === undefined || house.stopping) return;
    const { smtpListener, ports: documented } = settings.server;
    for (const [n, port] of ports.entries()) {
      const wanted = smtpListener && documented[portNames[n]!].enabled;
      if (!wanted) port.shut();
      else await port.open().catch((cause: unknown) => log.fault('A port cannot be opened', cause));
    }
  }
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}

async function certificateOf(options: ListenerOptions, hostName: string): Promise<Certificate> {
  const directory = join(options.certificateDir, 'own');
  return (await knownCertificate(options, hostName)) ?? readCertificate({ directory, hostName });
}

/** Undefined: the one that there should be cannot be used. */
async function knownCertificate(
  { certificateDir: directory, certificate: given, log }: ListenerOptions,
  hostName: string,
): Promise<Certificate | undefined> {
  try {
    return await readCertificate({ directory, hostName, ...(given && { given }) });
  } catch (cause) {
    log.fault('The certificate cannot be used; the last one serves, or a self-signed one', cause);
    return undefined;
  }
}

function renewCertificate(
  options: ListenerOptions,
  house: House,
  { ports, certificate }: { ports: readonly SmtpPort[]; certificate: Certificate },
): NodeJS.Timeout {
  let current = certificate;
  const look = async (): Promise<void> => {
    const next = await knownCertificate(options, house.hostName);
    const isWell = next !== undefined && !next.selfSigned;
    if (!isWell || endsSoon(next, new Date())) options.log.gauge('CertificateTrouble', 1);
    if (!isWell || next.cert === current.cert) return;
    for (const port of ports) port.updateSecureContext({ key: next.key, cert: next.cert });
    current = next;
  };
  const lookSafely = (): void =>
    void look().catch((cause: unknown) => options.log.fault('The new certificate cannot serve', cause));
  return setInterval(lookSafely, (options.certificateSeconds ?? certificateSeconds) * 1000).unref();
}

/** Who connects while messages are still coming in is greeted with 421, not left to guess. */
async function endSessions(ports: readonly SmtpPort[], patience: number): Promise<void> {
  const left = ports.map((port) => port.retire());
  const deadline = performance.now() + patience;
  while (left.some((isLeft) => isLeft()) && performance.now() < deadline) await pause(20);
  for (const port of ports) port.shut();
  await Promise.race([
    Promise.all(ports.map((port) => port.closed())),
    pause(1_000, undefined, { ref: false }),
  ]);
  for (const port of ports) port.destroyAll();
}
