/**
 * The door SecureDns: asks one validating resolver over UDP, over TCP where the answer is too long, and reads its AD
 * flag, which node:dns keeps to itself. The way to that resolver must be our own (loopback, the private network): who
 * stands between could set the flag.
 */
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import {
  dnsQuestion,
  readDnsAnswer,
  recordTypes,
  type DnsAnswer,
  type RecordType,
} from '../mail/relay/dns-message.ts';
import { DnsUnavailable, type SecureDns } from '../mail/relay/doors.ts';

export interface DnssecOptions {
  /** `ip[:port]`, IPv6 with a port in brackets. */
  readonly server: string;
  readonly timeoutMs?: number;
  readonly tries?: number;
}

interface Asking {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
}

const answersCode = new Set([0, 3]);

export function dnssecResolver({ server, timeoutMs = 3_000, tries = 3 }: DnssecOptions): SecureDns {
  const asking = { ...placeOf(server), timeoutMs };
  return {
    async ask(name, type) {
      let cause: unknown;
      for (let n = 0; n < tries; n++)
        try {
          const { code, secure, records } = await answerTo(asking, name, type);
          if (answersCode.has(code)) return { secure, records };
          throw new DnsUnavailable(`The DNSSEC resolver answers ${name} with code ${code}.`);
        } catch (error) {
          if (error instanceof DnsUnavailable) throw error;
          cause = error;
        }
      throw new DnsUnavailable(`The DNSSEC resolver could not be asked for ${name}.`, { cause });
    },
  };
}

function placeOf(server: string): { host: string; port: number } {
  const [, inside, plain, port] = /^(?:\[(.+)\]|([^:]+|.*:.*:.*?))(?::(\d+))?$/.exec(server) ?? [];
  return { host: inside ?? plain ?? server, port: Number(port ?? 53) };
}

async function answerTo(asking: Asking, name: string, type: RecordType): Promise<DnsAnswer> {
  const id = randomInt(65_536);
  const question = dnsQuestion(id, name, type);
  const isOurs = (answer: DnsAnswer): boolean =>
    answer.id === id &&
    answer.type === recordTypes[type] &&
    answer.name === name.toLowerCase().replace(/\.$/, '');
  const answer = await byUdp(asking, question, isOurs);
  if (!answer.truncated) return answer;
  const whole = readDnsAnswer(await byTcp(asking, question));
  if (isOurs(whole)) return whole;
  throw new Error('The answer is to another question.');
}

/** Connected, so that only the resolver is heard and a closed port is known at once; what is not ours is passed over. */
async function byUdp(
  { host, port, timeoutMs }: Asking,
  question: Buffer,
  isOurs: (answer: DnsAnswer) => boolean,
): Promise<DnsAnswer> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const { promise, resolve, reject } = Promise.withResolvers<DnsAnswer>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  socket.on('error', reject);
  socket.on('message', (bytes) => {
    const answer = readable(bytes);
    if (answer !== undefined && isOurs(answer)) resolve(answer);
  });
  try {
    socket.connect(port, host, () => socket.send(question));
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.close();
  }
}

function readable(bytes: Buffer): DnsAnswer | undefined {
  try {
    return readDnsAnswer(bytes);
  } catch {
    return undefined;
  }
}

/** RFC 1035 section 4.2.2: two octets of length in front. */
async function byTcp({ host, port, timeoutMs }: Asking, question: Buffer): Promise<Buffer> {
  const socket = connect({ host, port, timeout: timeoutMs });
  const signal = AbortSignal.timeout(timeoutMs);
  signal.addEventListener('abort', () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)));
  try {
    await once(socket, 'connect');
    const length = Buffer.alloc(2);
    length.writeUInt16BE(question.length);
    socket.write(Buffer.concat([length, question]));
    let bytes = Buffer.alloc(0);
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      bytes = Buffer.concat([bytes, chunk]);
      if (bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE(0)) break;
    }
    return bytes.subarray(2);
  } finally {
    socket.destroy();
  }
}
