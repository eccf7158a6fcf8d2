/**
 * An SMTP session with one host: connection, greeting, EHLO (or HELO), STARTTLS, AUTH; then it can carry messages.
 *
 * Gives the session, or why there is none: the host's own words or ours. Nothing is final here, mail that finds no
 * session waits. The password leaves only under TLS with a verified certificate (or towards loopback).
 */
import { usable, type CommandSwitches } from '../../mail/relay/commands.ts';
import { noExtensions, readExtensions, type Extensions } from '../../mail/relay/extensions.ts';
import type { TlsResult } from '../../mail/relay/doors.ts';
import { sameHost, type Target } from '../../mail/relay/hosts.ts';
import { obstacleToLogin } from '../../mail/relay/login.ts';
import { isPermanent, isPositive, type RemoteReply } from '../../mail/relay/replies.ts';
import { ourWords, theirWords, type Said } from '../../mail/relay/results.ts';
import type { TlsPolicy } from '../../mail/relay/tls-counts.ts';
import { ConnectionLost, SmtpConnection, type ConnectionLimits, type TlsOptions } from './smtp-connection.ts';
import type { TlsFacts } from './tls-facts.ts';

export interface SessionPolicy {
  /** Name for EHLO. */
  readonly helo: string;
  /** A host of one of these names is ourselves. */
  readonly ownNames?: readonly string[];
  /** `negotiated`: any certificate, or none; `encrypted`: any certificate; `required`: a verified one. */
  readonly tls: 'disabled' | 'negotiated' | 'encrypted' | 'required';
  /** Judges the certificate in place of the authorities that are known here (DANE). */
  readonly judge?: (tls: TlsFacts) => Pick<TlsFacts, 'verified' | 'problem' | 'result'>;
  /** Whose wish about TLS holds here, for the report that the domain may want. */
  readonly wish?: TlsWish;
  /** After a failed handshake, where TLS is only negotiated. */
  readonly fallbackToPlain: boolean;
  readonly switches: CommandSwitches;
  readonly trust: TlsOptions;
  readonly login?: Login;
}

export interface TlsWish {
  readonly domain: string;
  readonly policy: TlsPolicy;
  /** False: the policy, which is only being tested, does not name the host. */
  readonly listed?: boolean;
}

export interface Login {
  readonly username: string;
  readonly password: string;
  /** Without a successful login nothing is sent. */
  readonly required: boolean;
}

export type Limits = ConnectionLimits;

export interface Session {
  readonly connection: SmtpConnection;
  /** How people know the host: `mx.acme.example [192.0.2.1]`. */
  readonly remote: string;
  readonly extensions: Extensions;
  readonly tls?: TlsFacts;
  readonly authenticated: boolean;
}

interface Refusal {
  readonly ok: false;
  readonly said: Said;
  readonly because?: 'handshake' | 'login' | 'ourselves' | undefined;
  /** What was wrong with TLS. */
  readonly result?: TlsResult;
}

export type Opened =
  /** `withoutTls`: why TLS, which was tried, did not come about. */
  { readonly ok: true; readonly session: Session; readonly withoutTls?: Refusal } | Refusal;

/** A session that may carry mail under the policy, with the retreats that the policy allows. */
export async function openSession(target: Target, policy: SessionPolicy, limits: Limits): Promise<Opened> {
  const opened = await dial(target, policy, limits);
  if (opened.ok) return opened;
  const mayBePlain = policy.fallbackToPlain && policy.tls === 'negotiated' && !target.tlsAtOnce;
  if (opened.because === 'handshake' && mayBePlain) {
    const plain = await dial(target, { ...policy, tls: 'disabled', fallbackToPlain: false }, limits);
    return plain.ok ? { ...plain, withoutTls: opened } : plain;
  }
  // Some hosts close after a failed login, so what follows is a connection of its own.
  if (opened.because === 'login' && policy.login?.required === false)
    return dial(target, withoutLogin(policy), limits);
  return opened;
}

function withoutLogin(policy: SessionPolicy): SessionPolicy {
  const { login: _, ...rest } = policy;
  return rest;
}

export function remoteName({ host, address }: Target): string {
  return host === address ? `[${address}]` : `${host} [${address}]`;
}

async function dial(target: Target, policy: SessionPolicy, limits: Limits): Promise<Opened> {
  const remote = remoteName(target);
  let connection: SmtpConnection | undefined;
  try {
    connection = await SmtpConnection.open(target, limits);
    const opened = await greet({ connection, remote, policy, limits });
    if (!opened.ok) await hangUp(connection, limits);
    return opened;
  } catch (error) {
    connection?.destroy();
    if (!(error instanceof ConnectionLost)) throw error;
    return noSession(`451 4.4.1 No session with ${remote} port ${target.port}: ${error.message}`, remote);
  }
}

function noSession(sentence: string, remote: string, because?: Refusal['because']): Refusal {
  const said = { ...ourWords(sentence), remote };
  return { ok: false, said, because };
}

/** QUIT, not waited for longer than manners ask. */
export async function hangUp(connection: SmtpConnection, { timeouts }: Limits): Promise<void> {
  try {
    if (connection.isOpen) await connection.command('QUIT', timeouts.quit);
  } catch (error) {
    if (!(error instanceof ConnectionLost)) throw error;
  } finally {
    connection.destroy();
  }
}

interface Dialogue {
  readonly connection: SmtpConnection;
  readonly remote: string;
  readonly policy: SessionPolicy;
  readonly limits: Limits;
}

async function greet(talk: Dialogue): Promise<Opened> {
  const { connection, remote, policy, limits } = talk;
  const early = connection.target.tlsAtOnce ? await secure(talk) : undefined;
  if (early !== undefined && !early.ok) return early;
  const greeting = await connection.reply(limits.timeouts.greeting);
  if (isOurselves(talk, greeting))
    return noSession(`554 5.4.6 The mail loops: ${remote} is this server itself`, remote, 'ourselves');
  if (greeting.code !== 220) return { ok: false, said: theirWords(greeting, remote) };
  const hello = await sayHello(talk);
  if (!hello.ok) return hello;
  if (early !== undefined) return logIn(talk, { extensions: hello.extensions, tls: early.tls });
  if (policy.tls === 'disabled') return logIn(talk, { extensions: hello.extensions });
  if (!hello.extensions.startTls && policy.tls !== 'negotiated')
    return {
      ...noSession(`451 4.7.4 TLS is required and ${remote} does not offer it`, remote, 'handshake'),
      result: 'starttls-not-supported',
    };
  return hello.extensions.startTls ? startTls(talk) : logIn(talk, { extensions: hello.extensions });
}

/**
 * A host that look-ups led to, or any on this machine, and that greets with our name. A host which the documents name
 * by address may share our name behind us.
 */
function isOurselves({ connection, policy }: Dialogue, { lines }: RemoteReply): boolean {
  const name = /^\S+/.exec(lines[0] ?? '')?.[0] ?? '';
  const ours = policy.ownNames?.some((own) => sameHost(own, name)) === true;
  return ours && (!connection.target.literal || connection.isHere);
}

type Hello = { readonly ok: true; readonly extensions: Extensions } | Refusal;

async function sayHello({ connection, remote, policy, limits }: Dialogue): Promise<Hello> {
  const ehlo = await connection.command(`EHLO ${policy.helo}`, limits.timeouts.command);
  if (isPositive(ehlo)) return { ok: true, extensions: usable(readExtensions(ehlo), policy.switches) };
  if (!isPermanent(ehlo)) return { ok: false, said: theirWords(ehlo, remote) };
  const helo = await connection.command(`HELO ${policy.helo}`, limits.timeouts.command);
  if (isPositive(helo)) return { ok: true, extensions: noExtensions };
  return { ok: false, said: theirWords(helo, remote) };
}

async function startTls(talk: Dialogue): Promise<Opened> {
  const secured = await secure(talk, true);
  if (!secured.ok) return secured;
  // RFC 3207 section 4.2: what was offered in clear is forgotten.
  const hello = await sayHello(talk);
  return hello.ok ? logIn(talk, { extensions: hello.extensions, tls: secured.tls }) : hello;
}

type Secured = { readonly ok: true; readonly tls: TlsFacts } | Refusal;

async function secure({ connection, remote, policy, limits }: Dialogue, asked = false): Promise<Secured> {
  const refusal = (said: Said, result: TlsResult = 'validation-failure'): Secured => ({
    ok: false,
    said: { remote, ...said },
    because: 'handshake',
    result,
  });
  try {
    const answer = asked ? await connection.command('STARTTLS', limits.timeouts.command) : undefined;
    if (answer !== undefined && answer.code !== 220) return refusal(theirWords(answer, remote));
    const shown = await connection.secure(policy.trust, limits.timeouts);
    const tls = { ...shown, ...policy.judge?.(shown) };
    if (policy.tls !== 'required' || tls.verified) return { ok: true, tls };
    const sentence = `451 4.7.5 The certificate of ${remote} cannot be verified: ${tls.problem}`;
    return refusal(ourWords(sentence), tls.result);
  } catch (error) {
    if (!(error instanceof ConnectionLost)) throw error;
    return refusal(ourWords(`451 4.7.5 No TLS session with ${remote}: ${error.message}`));
  }
}

async function logIn(
  talk: Dialogue,
  so: { readonly extensions: Extensions; readonly tls?: TlsFacts },
): Promise<Opened> {
  const { connection, remote, policy, limits } = talk;
  const session = { connection, remote, ...so, authenticated: false };
  if (policy.login === undefined) return { ok: true, session };
  const obstacle = obstacleToLogin({ address: connection.target.address, ...so });
  if (obstacle !== undefined && policy.login.required)
    return noSession(`451 4.7.0 No login at ${remote}: ${obstacle}`, remote);
  if (obstacle !== undefined) return { ok: true, session };
  const answer = await authenticate(connection, policy.login, { so, limits }).catch(lostIn);
  if (answer instanceof ConnectionLost)
    return noSession(`451 4.7.0 No login at ${remote}: ${answer.message}`, remote, 'login');
  if (answer.code === 235) return { ok: true, session: { ...session, authenticated: true } };
  return { ok: false, said: theirWords(answer, remote), because: 'login' };
}

/** Some hosts close instead of answering a wrong password. */
function lostIn(error: unknown): ConnectionLost {
  if (error instanceof ConnectionLost) return error;
  throw error;
}

/** RFC 4954; LOGIN where PLAIN is not offered. */
async function authenticate(
  connection: SmtpConnection,
  { username, password }: Login,
  { so, limits }: { so: { extensions: Extensions }; limits: Limits },
): Promise<RemoteReply> {
  const { command } = limits.timeouts;
  if (so.extensions.auth.includes('PLAIN'))
    return connection.command(`AUTH PLAIN ${base64(`\0${username}\0${password}`)}`, command);
  const begun = await connection.command('AUTH LOGIN', command);
  if (begun.code !== 334) return begun;
  const named = await connection.command(base64(username), command);
  return named.code === 334 ? connection.command(base64(password), command) : named;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
