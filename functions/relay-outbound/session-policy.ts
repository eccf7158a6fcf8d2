/**
 * How to speak with the hosts of one next hop, from the Configuration: TLS, extensions, and for the relay host login
 * and client certificate. Secrets are asked for at each session, so that a changed one is used; one that cannot be
 * read, or is not what it should be, keeps the mail waiting where it is needed.
 */
import type { Settings } from '../../mail/directory/settings.ts';
import { obstacleToCertificate } from '../../mail/relay/client-certificate.ts';
import type { Secrets } from '../../mail/relay/doors.ts';
import type { HopWork } from '../../mail/spool/doors.ts';
import type { Login, SessionPolicy } from './smtp-session.ts';
import type { TlsOptions } from './smtp-connection.ts';

export interface PolicyOptions {
  readonly work: HopWork;
  readonly settings: Settings;
  readonly secrets: Secrets;
  /** Certificate authorities beside Node's own. */
  readonly trust?: TlsOptions;
}

type Waits = { readonly waits: string };

export async function sessionPolicy(options: PolicyOptions): Promise<SessionPolicy | Waits> {
  const { configuration, server } = options.settings;
  const { tls, fallbackToPlain, ...switches } = configuration.outboundCommands;
  const helo = server.outboundHostName ?? server.hostName;
  const ownNames = [helo, server.hostName];
  const plain = { helo, ownNames, tls, fallbackToPlain, switches, trust: options.trust ?? {} };
  if (!isRelayHost(options)) return plain;
  try {
    const login = await relayLogin(options);
    if (login !== undefined && 'waits' in login) return login;
    const shown = await clientCertificate(options);
    if ('waits' in shown) return shown;
    const trust = { ...plain.trust, ...shown };
    return login === undefined ? { ...plain, trust } : { ...plain, trust, login };
  } catch (error) {
    return { waits: `451 4.3.0 A secret for the relay host cannot be read: ${(error as Error).message}` };
  }
}

function isRelayHost({ work, settings }: PolicyOptions): boolean {
  const { relayHost } = settings.configuration.routing;
  return work.transport === 'smtp' && same(work.nextHop, relayHost);
}

function same(one: string, other: string): boolean {
  return one.trim().toLowerCase() === other.trim().toLowerCase();
}

async function relayLogin({ settings, secrets }: PolicyOptions): Promise<Login | Waits | undefined> {
  const { relayHostAuthentication, relayHostCredentials } = settings.configuration.routing;
  if (relayHostAuthentication === 'disabled') return undefined;
  const required = relayHostAuthentication === 'required';
  const text = relayHostCredentials === '' ? undefined : await secrets.read(relayHostCredentials);
  const pair = text === undefined ? undefined : readPair(text);
  if (pair !== undefined) return { ...pair, required };
  if (!required) return undefined;
  const what = text === undefined ? 'does not exist' : 'is not {"username": …, "password": …}';
  return {
    waits: `451 4.7.0 The relay host asks for a login and the secret "${relayHostCredentials}" (routing.relayHostCredentials) ${what}`,
  };
}

function readPair(text: string): { username: string; password: string } | undefined {
  try {
    const { username, password } = JSON.parse(text) as Record<string, unknown>;
    if (typeof username === 'string' && typeof password === 'string') return { username, password };
  } catch {
    // Not JSON: the caller says so, without the text.
  }
  return undefined;
}

/** A relay host that asks for it would refuse our mail for good without, or with a wrong one. */
async function clientCertificate({ settings, secrets }: PolicyOptions): Promise<TlsOptions | Waits> {
  const name = settings.configuration.routing.relayHostClientCertificate;
  if (name === '') return {};
  const pem = await secrets.read(name);
  const obstacle = pem === undefined ? 'does not exist' : obstacleToCertificate(pem);
  if (pem === undefined || obstacle !== undefined)
    return { waits: `451 4.7.0 The secret "${name}" (routing.relayHostClientCertificate) ${obstacle}` };
  return { key: pem, cert: pem };
}
