/** Sends messages to a port as fast as one process can: `node bench/sender.ts postern|nodemailer PORT`. */
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { standardTimeouts } from '../functions/relay-outbound/smtp-connection.ts';
import { hangUp, openSession, type SessionPolicy } from '../functions/relay-outbound/smtp-session.ts';
import { transact } from '../functions/relay-outbound/smtp-transaction.ts';
import { recipient, sender } from './load.ts';
import { messageOf } from './message.ts';

const [name, portText] = process.argv.slice(2);
const port = Number(portText);
const message = Buffer.from(messageOf(2048));
const connections = 20;
let left = 0;

const remaining = (): number => 3_600_000;
const limits = { timeouts: standardTimeouts, remaining, finalDotReserve: 0 };
const target = {
  host: '127.0.0.1',
  address: '127.0.0.1',
  port,
  tlsAtOnce: false,
  literal: true,
  byMx: false,
};
const policy: SessionPolicy = {
  helo: 'load.bench.invalid',
  tls: 'disabled',
  fallbackToPlain: false,
  switches: { dsn: true, pipelining: true, size: true, eightBitMime: true, smtpUtf8: true },
  trust: {},
};

async function ours(): Promise<void> {
  const opened = await openSession(target, policy, limits);
  if (!opened.ok) throw new Error(opened.said.reply);
  while (left-- > 0) {
    const outgoing = {
      from: sender,
      recipients: [{ address: recipient, original: recipient }],
      size: message.length,
      eightBitMime: false,
      smtpUtf8: false,
      requireTls: false,
    };
    const outcome = await transact(
      opened.session,
      { message: outgoing, body: () => Promise.resolve(message) },
      limits,
    );
    if (!outcome.ended || outcome.results.some(({ outcome: how }) => how !== 'relayed'))
      throw new Error('Not taken.');
  }
  await hangUp(opened.session.connection, limits);
}

async function nodemailers(): Promise<void> {
  const connection = new SMTPConnection({
    host: '127.0.0.1',
    port,
    ignoreTLS: true,
    name: 'load.bench.invalid',
  });
  await new Promise<void>((resolve) => connection.connect(() => resolve()));
  while (left-- > 0)
    await new Promise<void>((resolve, reject) =>
      connection.send({ from: sender, to: [recipient] }, message, (error) =>
        error ? reject(error) : resolve(),
      ),
    );
  connection.quit();
}

async function all(messages: number): Promise<void> {
  left = messages;
  await Promise.all(Array.from({ length: connections }, name === 'nodemailer' ? nodemailers : ours));
}

await all(2_000);
const messages = 20_000;
const [started, before] = [performance.now(), process.cpuUsage()];
await all(messages);
const seconds = (performance.now() - started) / 1000;
const cpu = process.cpuUsage(before);
console.log(
  JSON.stringify({
    rate: messages / seconds,
    cpuPerThousand: (cpu.user + cpu.system) / 1e6 / (messages / 1000),
  }),
);
process.exit(0);
