/**
 * A DNS server on loopback that answers from a table, remembers the questions, and can fail. Names not in the table
 * do not exist; a name with no record of the type asked for has an empty answer.
 *
 *     await using dns = await dnsServer({ 'there.example': { mx: [[10, 'mx.there.example']] }, 'mx.there.example': { a: ['127.0.0.1'] } });
 *     dnsResolver({ servers: [dns.address] })
 */
import { createSocket, type Socket as DgramSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import ipaddr from 'ipaddr.js';

export interface Records {
  readonly a?: readonly string[];
  readonly aaaa?: readonly string[];
  readonly mx?: readonly (readonly [preference: number, exchange: string])[];
  readonly txt?: readonly string[];
  readonly ptr?: readonly string[];
  readonly tlsa?: readonly Buffer[];
  /** The answer is marked as checked (AD); for names that do not exist as well: an empty entry. */
  readonly secure?: boolean;
}

/** Records of a name, or how the server fails for it. */
export type Zone = Record<string, Records | 'SERVFAIL' | 'say nothing'>;

export interface DnsServer extends AsyncDisposable {
  /** `ip:port`, as DNS_SERVERS takes it. */
  readonly address: string;
  /** `MX there.example` and so on, in order. */
  readonly questions: string[];
  /** Changes what is answered from now on. */
  zone: Zone;
  close(): Promise<void>;
}

const types = { A: 1, PTR: 12, MX: 15, TXT: 16, AAAA: 28, TLSA: 52 } as const;
const checked = 0x20;
const cut = 0x0200;
/** More is cut over UDP, and asked for over TCP. */
const longestByUdp = 1232;
type Type = keyof typeof types;

export async function dnsServer(zone: Zone): Promise<DnsServer> {
  const { udp, tcp } = await onePort();
  const close = async (): Promise<void> => {
    const closed = once(udp, 'close');
    udp.close();
    tcp.close();
    await closed;
  };
  const address = `127.0.0.1:${udp.address().port}`;
  const server: DnsServer = { address, questions: [], zone, close, [Symbol.asyncDispose]: close };
  tcp.on('connection', (connection) => byTcp(connection, server));
  udp.on('message', (query, { port, address: asking }) => {
    const answer = answerTo(query, server);
    if (answer !== undefined)
      udp.send(answer.length > longestByUdp ? shortened(answer) : answer, port, asking);
  });
  return server;
}

/** A port that is free by UDP may be taken by TCP: then another. */
export async function onePort(): Promise<{ udp: DgramSocket; tcp: Server }> {
  for (let tries = 0; ; tries++) {
    const udp = createSocket('udp4').bind(0, '127.0.0.1');
    await once(udp, 'listening');
    const tcp = createServer().listen(udp.address().port, '127.0.0.1');
    try {
      await once(tcp, 'listening');
      return { udp, tcp };
    } catch (error) {
      udp.close();
      if (tries === 20) throw error;
    }
  }
}

/** One question a connection, which is enough. */
function byTcp(socket: Socket, server: DnsServer): void {
  socket.on('error', () => undefined);
  socket.once('data', (bytes: Buffer) => {
    const answer = answerTo(bytes.subarray(2), server);
    if (answer !== undefined)
      socket.end(Buffer.concat([Buffer.from([answer.length >> 8, answer.length & 255]), answer]));
  });
}

function shortened(answer: Buffer): Buffer {
  const short = Buffer.from(answer.subarray(0, 512));
  short.writeUInt16BE(short.readUInt16BE(2) | cut, 2);
  return short;
}

function answerTo(query: Buffer, server: DnsServer): Buffer | undefined {
  const { name, end } = readName(query);
  const type = (Object.keys(types) as Type[]).find((one) => types[one] === query.readUInt16BE(end));
  server.questions.push(`${type} ${name}`);
  const entry = server.zone[name.toLowerCase()];
  if (entry === 'say nothing') return undefined;
  if (entry === 'SERVFAIL') return message(query, end, { code: 2, answers: [] });
  if (entry === undefined) return message(query, end, { code: 3, answers: [] });
  const answers = type === undefined ? [] : dataOf(entry, type).map((data) => record(types[type], data));
  return message(query, end, { code: entry.secure === true ? checked : 0, answers });
}

function readName(query: Buffer): { name: string; end: number } {
  const labels = [];
  let at = 12;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.subarray(at + 1, at + 1 + length).toString('latin1'));
    at += length + 1;
  }
  return { name: labels.join('.'), end: at + 1 };
}

/** Header, the question as it came, the answers (RFC 1035 section 4.1). */
function message(query: Buffer, end: number, { code, answers }: { code: number; answers: Buffer[] }): Buffer {
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x8180 | code, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answers.length, 6);
  return Buffer.concat([header, query.subarray(12, end + 4), ...answers]);
}

/** The name is a pointer to the question's. */
function record(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(60, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function dataOf(records: Records, type: Type): Buffer[] {
  if (type === 'A') return (records.a ?? []).map(addressBytes);
  if (type === 'AAAA') return (records.aaaa ?? []).map(addressBytes);
  if (type === 'TLSA') return [...(records.tlsa ?? [])];
  if (type === 'PTR') return (records.ptr ?? []).map(nameBytes);
  if (type === 'TXT') return (records.txt ?? []).map(textBytes);
  return (records.mx ?? []).map(([preference, exchange]) =>
    Buffer.concat([Buffer.from([preference >> 8, preference & 255]), nameBytes(exchange)]),
  );
}

function addressBytes(address: string): Buffer {
  return Buffer.from(ipaddr.parse(address).toByteArray());
}

function nameBytes(name: string): Buffer {
  const labels = name.split('.').filter(Boolean);
  const parts = labels.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')]);
  return Buffer.concat([...parts, Buffer.from([0])]);
}

function textBytes(text: string): Buffer {
  const pieces = text.match(/[^]{1,255}/g) ?? [''];
  return Buffer.concat(
    pieces.flatMap((piece) => [Buffer.from([piece.length]), Buffer.from(piece, 'latin1')]),
  );
}
