/** A client on a socket, for benchmarks that need their hands on single connections. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { recipient, sender } from './load.ts';

export interface Client {
  socket: Socket;
  say(words: string): Promise<string>;
}

export async function dial(port: number): Promise<Client> {
  const client = over(connect({ port, host: '127.0.0.1' }));
  await client.say('');
  await client.say('EHLO load.bench.invalid\r\n');
  return client;
}

export async function secured(client: Client): Promise<Client> {
  await client.say('STARTTLS\r\n');
  client.socket.removeAllListeners('data');
  const tls = connectTls({ socket: client.socket, rejectUnauthorized: false });
  await once(tls, 'secureConnect');
  return over(tls);
}

/** Up to the reply to DATA. */
export async function open(client: Client): Promise<void> {
  await client.say(`MAIL FROM:<${sender}>\r\n`);
  await client.say(`RCPT TO:<${recipient}>\r\n`);
  await client.say('DATA\r\n');
}

function over(socket: Socket): Client {
  let input = '';
  let hear: (() => void) | undefined;
  socket.on('data', (chunk: Buffer) => {
    input += chunk.toString('latin1');
    hear?.();
  });
  socket.on('error', () => undefined);
  return {
    socket,
    async say(words) {
      if (words !== '') socket.write(words);
      while (!/^\d{3}(?: .*)?\r\n$/m.test(input)) {
        await new Promise<void>((resolve) => {
          hear = resolve;
          socket.once('close', resolve);
        });
        if (socket.destroyed) throw new Error('The server closed the connection.');
      }
      const reply = input;
      input = '';
      return reply;
    },
  };
}
