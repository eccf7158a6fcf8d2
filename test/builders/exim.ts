/**
 * A real Exim on loopback, in folders of its own, as strict as it can be. It needs Debian's exim4-daemon-light (the binary
 * is enough) and root; where either is missing there is none, and the reason is given.
 *
 *     const exim = await startExim(t, options); if (exim === undefined) return;
 *     … send to exim.port … ; const [message] = await exim.mail(1);
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
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

export interface Exim {
  readonly port: number;
  /** Messages in the one mailbox, once there are so many, in no order. */
  mail(count: number): Promise<string[]>;
  log(): string;
}

export interface EximOptions {
  /** Local parts at there.example that it knows. */
  readonly people: readonly string[];
  readonly tls: { readonly key: string; readonly cert: string };
  readonly login: { readonly username: string; readonly password: string };
  /** Lines of the ACL for RCPT, before the ones that accept. */
  readonly rcpt: readonly string[];
  /** Of the ACL at the end of data. */
  readonly data: readonly string[];
}

const [program, user] = ['/usr/sbin/exim4', 'Debian-exim'];

export async function startExim(t: TestContext, options: EximOptions): Promise<Exim | undefined> {
  const obstacle = obstacleHere();
  if (obstacle !== undefined) {
    t.skip(obstacle);
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'postern-exim-'));
  const port = await freePort();
  prepare(folder, port, options);
  const child = spawn(program, ['-bdf', '-C', join(folder, 'exim.conf')], { stdio: 'ignore', env: {} });
  t.after(async () => {
    const exit = once(child, 'exit');
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await exit;
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const log = (): string =>
    ['main', 'reject', 'panic'].map((name) => textOf(join(folder, `${name}log`))).join('');
  await settled('Exim', () => answers(port), log);
  return { port, log, mail: (count) => settled('Exim', () => messagesIn(folder, count), log) };
}

function obstacleHere(): string | undefined {
  if (!existsSync(program)) return 'Exim is not installed (Debian: exim4-daemon-light)';
  if (process.getuid?.() !== 0) return 'Exim can be started by root only';
  return spawnSync('id', [user]).status === 0 ? undefined : `Exim's user ${user} does not exist`;
}

function prepare(folder: string, port: number, options: EximOptions): void {
  for (const name of ['spool', 'box']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'tls.pem'), `${options.tls.key}${options.tls.cert}`, { mode: 0o600 });
  writeFileSync(join(folder, 'exim.conf'), settings(folder, port, options), { mode: 0o644 });
  execFileSync('chown', ['-R', user, folder]);
  // Nobody else may write what it reads.
  execFileSync('chown', ['root', join(folder, 'exim.conf')]);
  chmodSync(folder, 0o755);
}

function settings(folder: string, port: number, { people, login, rcpt, data }: EximOptions): string {
  return `
primary_hostname = strict.example
spool_directory = ${folder}/spool
log_file_path = ${folder}/%slog
pid_file_path = ${folder}/pid
log_selector = +smtp_protocol_error +smtp_syntax_error +smtp_connection
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${port}
keep_environment =
deliver_drop_privilege = true
exim_user = ${user}
tls_advertise_hosts = *
tls_certificate = ${folder}/tls.pem
tls_privatekey = ${folder}/tls.pem
auth_advertise_hosts = \${if def:tls_in_cipher {*}}
pipelining_advertise_hosts = *
chunking_advertise_hosts = *
dsn_advertise_hosts = *
smtputf8_advertise_hosts = *
accept_8bitmime = true
message_size_limit = 100000
smtp_enforce_sync = true
smtp_max_synprot_errors = 0
smtp_max_unknown_commands = 0
acl_smtp_helo = helo
acl_smtp_mail = mail
acl_smtp_rcpt = rcpt
acl_smtp_data = data

begin acl
helo:
  deny condition = \${if match{$sender_helo_name}{\\N^[a-z0-9]+(\\.[a-z0-9]+)+$\\N} {no}{yes}}
  accept
mail:
  deny senders = refused@acme.example
       message = 5.7.1 First line\\nThe second\\nand the last
  accept
rcpt:
${rcpt.map((line) => `  ${line}`).join('\n')}
  accept domains = there.example
         local_parts = ${people.join(' : ')}
  deny message = 5.1.1 No such person
data:
${data.map((line) => `  ${line}`).join('\n')}
  accept

begin routers
all:
  driver = accept
  transport = box

begin transports
box:
  driver = appendfile
  directory = ${folder}/box
  maildir_format
  user = ${user}

begin retry
* * F,1h,1m

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_condition = \${if and{{eq{$auth2}{${login.username}}}{eq{$auth3}{${login.password}}}}}
  server_set_id = $auth2
`;
}

function messagesIn(folder: string, count: number): string[] | undefined {
  const box = join(folder, 'box', 'new');
  const names = existsSync(box) ? readdirSync(box) : [];
  if (names.length < count) return undefined;
  return names.map((name) => readFileSync(join(box, name), 'latin1'));
}
