/** Exchanges over kept connections, against servers that behave well and badly. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { describe, test, type TestContext } from 'node:test';
import { KeptConnections, type Bounds, type Host } from '../../aws/kept-connections.ts';
import { selfSigned } from '../../listener/self-signed.ts';

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

describe('exchanges', () => {
  test('twenty at once keep their bodies apart; the next twenty need no new connection', async (t) => {
    const { connections, opened } = await httpServer(t, (request, response) => {
      void buffer(request).then((body) => response.end(`${request.url} ${body.toString()}`));
    });
    for (const round of ['a', 'b']) {
      const bodies = Array.from({ length: 20 }, (_, n) => `${round}${n}`);
      const answers = await Promise.all(bodies.map((body) => put(connections, body)));
      assert.deepEqual(
        answers,
        bodies.map((body) => `/key ${body}`),
      );
    }
    assert.equal(opened(), 20);
  });

  test('no more connections than are allowed: who comes later waits', async (t) => {
    const bounds = { most: 2, patience: 10_000 };
    const { connections, opened } = await httpServer(t, (_request, response) => response.end('ok'), bounds);
    const answers = await Promise.all(Array.from({ length: 9 }, () => put(connections)));
    assert.deepEqual(new Set(answers), new Set(['ok']));
    assert.equal(opened(), 2);
  });

  test('an answer octet by octet, and one in chunks', async (t) => {
    const { connections } = await rawServer(t, (socket) => {
      void trickle(socket, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n');
    });
    assert.equal(await put(connections), 'ok');
    assert.equal(await put(connections), 'ok');
  });

  test('a connection that the service closes, said or unsaid, is not used again', async (t) => {
    const { connections, sockets } = await rawServer(t, (socket, n) => {
      socket.write(n === 0 ? ok.replace('\r\n', '\r\nConnection: close\r\n') : ok);
    });
    assert.equal(await put(connections), 'ok');
    assert.equal(await put(connections), 'ok');
    assert.equal(sockets.length, 2);
    sockets[1]!.end();
    await once(sockets[1]!, 'close');
    assert.equal(await put(connections), 'ok');
    assert.equal(sockets.length, 3);
  });

  test('so is one without a request for too long', async (t) => {
    const bounds = { most: 1, patience: 50 };
    const { connections, sockets } = await rawServer(t, (socket) => socket.write(ok), bounds);
    // On a busy machine an answer may take longer than that, too.
    const answered = async () => {
      while ((await put(connections).catch(() => 'late')) === 'late');
      return sockets.at(-1)!;
    };
    const first = await answered();
    await once(first, 'close');
    assert.notEqual(await answered(), first);
  });
});

describe('what is not plainly a success rejects, and the next exchange is whole', () => {
  for (const [why, answer, cause] of [
    ['another status', (socket: Socket) => socket.write(ok.replace('200', '500')), /not a plain 200/],
    ['a connection that ends', (socket: Socket) => socket.end(), /closed the connection/],
    ['a connection that breaks', (socket: Socket) => socket.resetAndDestroy(), /ECONNRESET/],
    ['half an answer', (socket: Socket) => socket.end(ok.slice(0, -1)), /closed the connection/],
    ['two answers', (socket: Socket) => socket.write(ok + ok), /longer than it says/],
  ] as const)
    test(why, async (t) => {
      const { connections, sockets } = await rawServer(t, (socket, n) => {
        if (n === 0) answer(socket);
        else socket.write(ok);
      });
      await assert.rejects(put(connections), cause);
      assert.equal(await put(connections), 'ok');
      assert.equal(sockets.length, 2);
    });

  test('silence, for who asked and for who waits behind', async (t) => {
    const bounds = { most: 1, patience: 20 };
    const { connections } = await rawServer(t, () => undefined, bounds);
    const both = await Promise.allSettled([put(connections), put(connections)]);
    for (const one of both) assert.match(String((one as PromiseRejectedResult).reason), /in time/);
  });

  test('nobody there', async (t) => {
    const { connections, server } = await rawServer(t, () => undefined);
    server.close();
    await assert.rejects(put(connections), /ECONNREFUSED/);
  });

  test('a header with a line end in it, which is never sent', async (t) => {
    const { connections, sockets } = await rawServer(t, (socket) => socket.write(ok));
    const headers = { host: 'a', 'x-token': 'a\r\nx-more: b' };
    await assert.rejects(
      async () => connections.exchange({ method: 'PUT', path: '/', headers, body: Buffer.alloc(0) }),
      /x-token/,
    );
    assert.equal(sockets.length, 0);
  });
});

describe('TLS', () => {
  for (const [why, name, trusted, cause] of [
    ['a certificate of the host', 'localhost', true, undefined],
    ['of another host', 'elsewhere.example.com', true, /does not match certificate's altnames/],
    ['that nobody trusts', 'localhost', false, /self-signed certificate/],
  ] as const)
    test(why, async (t) => {
      const pair = selfSigned(name, new Date());
      const server = createTlsServer(pair, (request, response) => {
        request.resume().on('end', () => response.end('ok'));
      }).on('tlsClientError', () => undefined);
      const host = { protocol: 'https:', hostname: 'localhost', ...(trusted && { ca: pair.cert }) } as const;
      const connections = new KeptConnections({ ...host, port: await listening(t, server) });
      if (cause !== undefined) return assert.rejects(put(connections), cause);
      for (let n = 0; n < 3; n++) assert.equal(await put(connections), 'ok');
    });
});

async function put(connections: KeptConnections, body = 'x'): Promise<string> {
  const headers = { host: 'test', 'content-length': String(body.length) };
  const request = { method: 'PUT', path: '/key', headers, body: Buffer.from(body) };
  return (await connections.exchange(request)).toString();
}

async function trickle(socket: Socket, words: string): Promise<void> {
  for (const octet of words) await new Promise<unknown>((resolve) => socket.write(octet, resolve));
}

async function listening(t: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function httpServer(t: TestContext, answer: RequestListener, bounds?: Bounds) {
  let opened = 0;
  const server = createHttpServer(answer).on('connection', () => (opened += 1));
  const host: Host = { protocol: 'http:', hostname: '127.0.0.1', port: await listening(t, server) };
  return { connections: new KeptConnections(host, bounds), opened: () => opened };
}

/** `answer` is called for each request: they come in one piece here. */
async function rawServer(t: TestContext, answer: (socket: Socket, n: number) => void, bounds?: Bounds) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    const n = sockets.push(socket) - 1;
    socket.on('error', () => undefined).on('data', () => answer(socket, n));
  });
  const host: Host = { protocol: 'http:', hostname: '127.0.0.1', port: await listening(t, server) };
  return { connections: new KeptConnections(host, bounds), sockets, server };
}
