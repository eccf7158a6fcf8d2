/**
 * A DNS server on loopback for names made up of an address: `127-1-0-17.hosts.example` is its own mail server, at
 * 127.1.0.17. Everything else is an empty answer.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const typeA = 1;
const typeMx = 15;
const headerLength = 12;

export interface Names {
  /** As DNS_SERVERS takes it. */
  readonly address: string;
  close(): void;
}

export function nameOf(address: string): string {
  return `${address.replaceAll('.', '-')}.hosts.example`;
}

export async function serveNames(): Promise<Names> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  socket.on('message', (query, { port, address }) => socket.send(answerTo(query), port, address));
  return { address: `127.0.0.1:${socket.address().port}`, close: () => void socket.close() };
}

/** RFC 1035 section 4.1: the header, the question as it came, the answer. */
function answerTo(query: Buffer): Buffer {
  const { name, end } = nameIn(query);
  const address = /^(\d+)-(\d+)-(\d+)-(\d+)\.hosts\.example$/i.exec(name)?.slice(1).map(Number);
  const type = query.readUInt16BE(end);
  // The mail server of a name is the name itself: a pointer to it, behind the preference.
  const data = type === typeA ? Buffer.from(address ?? []) : Buffer.from([0, 10, 0xc0, headerLength]);
  const known = address !== undefined && (type === typeA || type === typeMx);
  const header = Buffer.from([query[0]!, query[1]!, 0x81, 0x80, 0, 1, 0, known ? 1 : 0, 0, 0, 0, 0]);
  const question = query.subarray(headerLength, end + 4);
  if (!known) return Buffer.concat([header, question]);
  const record = Buffer.from([0xc0, headerLength, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length]);
  return Buffer.concat([header, question, record, data]);
}

function nameIn(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = headerLength;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join('.'), end: at + 1 };
}
