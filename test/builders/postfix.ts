/**
 * A real Postfix on loopback, in folders of its own, as strict as it can be. It needs Debian's package and root; where
 * either is missing there is none, and the reason is given.
 *
 *     const postfix = await startPostfix(t); if (postfix === undefined) return;
 *     … send to postfix.port … ; const [message] = await postfix.mail(1);
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { answers, freePort, settled, textOf } from './daemons.ts';

export interface Postfix {
  readonly port: number;
  /** Messages in the one mailbox, once there are so many, oldest first. */
  mail(count: number): Promise<string[]>;
  log(): string;
}

export interface PostfixOptions {
  /** Addresses that it knows. */
  readonly people: readonly string[];
  readonly tls: { readonly key: string; readonly cert: string };
  readonly settings?: Readonly<Record<string, string>>;
}

const [program, daemons] = ['/usr/sbin/postfix', '/usr/lib/postfix/sbin'];

export async function startPostfix(t: TestContext, options: PostfixOptions): Promise<Postfix | undefined> {
  const obstacle = obstacleHere();
  if (obstacle !== undefined) {
    t.skip(obstacle);
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'postern-postfix-'));
  const port = await freePort();
  prepare(folder, port, options);
  const child = spawn(program, ['-c', join(folder, 'etc'), 'start-fg'], { stdio: 'ignore' });
  t.after(async () => {
    execFileSync(program, ['-c', join(folder, 'etc'), 'stop'], { stdio: 'ignore' });
    if (child.exitCode === null) await once(child, 'exit');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const log = (): string => textOf(join(folder, 'maillog'));
  await settled('Postfix', () => answers(port), log);
  return { port, log, mail: (count) => settled('Postfix', () => messagesIn(folder, count), log) };
}

function obstacleHere(): string | undefined {
  if (!existsSync(program) || !existsSync(join(daemons, 'master'))) return 'Postfix is not installed';
  return process.getuid?.() === 0 ? undefined : 'Postfix can be started by root only';
}

function prepare(folder: string, port: number, { people, tls, settings = {} }: PostfixOptions): void {
  for (const name of ['etc', 'queue', 'data', 'mail']) mkdirSync(join(folder, name));
  for (const name of ['data', 'mail']) execFileSync('chown', ['postfix', join(folder, name)]);
  // Its daemons run as another user.
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'etc', 'tls.pem'), `${tls.key}${tls.cert}`, { mode: 0o600 });
  const main = { ...mainSettings(folder, people), ...settings };
  const lines = Object.entries(main).map(([name, value]) => `${name} = ${value}\n`);
  writeFileSync(join(folder, 'etc', 'main.cf'), lines.join(''));
  writeFileSync(join(folder, 'etc', 'master.cf'), masterServices(port));
}

function mainSettings(folder: string, people: readonly string[]): Record<string, string> {
  const uid = execFileSync('id', ['-u', 'postfix']).toString().trim();
  const gid = execFileSync('id', ['-g', 'postfix']).toString().trim();
  return {
    compatibility_level: '3.6',
    queue_directory: join(folder, 'queue'),
    data_directory: join(folder, 'data'),
    daemon_directory: daemons,
    maillog_file: join(folder, 'maillog'),
    maillog_file_prefixes: folder,
    inet_interfaces: '127.0.0.1',
    inet_protocols: 'ipv4',
    myhostname: 'strict.example',
    mydestination: '',
    mynetworks: '',
    // Nothing is added to what we send.
    local_header_rewrite_clients: '',
    alias_maps: '',
    alias_database: '',
    virtual_mailbox_domains: 'there.example',
    virtual_mailbox_base: join(folder, 'mail'),
    virtual_mailbox_maps: `inline:{ ${people.map((one) => `{ ${one} = box/ }`).join(', ')} }`,
    virtual_uid_maps: `static:${uid}`,
    virtual_gid_maps: `static:${gid}`,
    virtual_minimum_uid: '1',
    smtpd_tls_security_level: 'may',
    smtpd_tls_chain_files: join(folder, 'etc', 'tls.pem'),
    // As strict as it can be.
    smtpd_forbid_bare_newline: 'reject',
    smtpd_forbid_unauth_pipelining: 'yes',
    strict_rfc821_envelopes: 'yes',
    smtpd_helo_required: 'yes',
    smtpd_helo_restrictions:
      'reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname, reject_unauth_pipelining',
    smtpd_sender_restrictions: 'reject_non_fqdn_sender, reject_unauth_pipelining',
    smtpd_recipient_restrictions:
      'reject_non_fqdn_recipient, reject_unauth_pipelining, reject_unauth_destination',
    smtpd_data_restrictions: 'reject_unauth_pipelining',
    smtpd_end_of_data_restrictions: 'reject_unauth_pipelining',
  };
}

function masterServices(port: number): string {
  const unix = (name: string, daemon: string, rest = 'n - 0'): string => `${name} unix - - ${rest} ${daemon}`;
  return [
    `127.0.0.1:${port} inet n - n - - smtpd`,
    'cleanup unix n - n - 0 cleanup',
    'qmgr unix n - n 300 1 qmgr',
    'rewrite unix - - n - - trivial-rewrite',
    ...['bounce', 'defer', 'trace'].map((name) => unix(name, 'bounce')),
    'proxymap unix - - n - - proxymap',
    'tlsmgr unix - - n 1000? 1 tlsmgr',
    'virtual unix - n n - - virtual',
    ...['error', 'retry'].map((name) => unix(name, 'error', 'n - -')),
    'anvil unix - - n - 1 anvil',
    'postlog unix-dgram n - n - 1 postlogd',
    '',
  ].join('\n');
}

function messagesIn(folder: string, count: number): string[] | undefined {
  const box = join(folder, 'mail', 'box', 'new');
  const names = existsSync(box) ? readdirSync(box).sort(byTime) : [];
  if (names.length < count) return undefined;
  return names.map((name) => readFileSync(join(box, name), 'latin1'));
}

/** `<seconds>.V<device>I<inode>M<microseconds>.<host>` */
function byTime(one: string, other: string): number {
  const timeOf = (name: string): number => {
    const [, seconds, micro] = /^(\d+)\..*M(\d+)\./.exec(name) ?? [];
    return Number(seconds) * 1_000_000 + Number(micro);
  };
  return timeOf(one) - timeOf(other);
}
