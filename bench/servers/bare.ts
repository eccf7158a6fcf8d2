/**
 * What Node itself can reach: node:net, an indexOf for the end of data, and nothing else. Checks nothing and keeps
 * nothing: it is no mail server.
 *
 *     node bench/servers/bare.ts PORT
 */
import { createServer, type Socket } from 'node:net';

const end = Buffer.from('\r\n.\r\n');
const crlf = Buffer.from('\r\n');
const ehlo = '250-bench.invalid\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 67108864\r\n';

function converse(socket: Socket): void {
  let inData = false;
  let rest: Buffer = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.write('220 bench.invalid ESMTP\r\n');
  socket.on('data', (chunk: Buffer) => {
    let input = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let replies = '';
    for (;;) {
      if (inData) {
        const at = input.indexOf(end);
        if (at === -1) {
          input = input.subarray(Math.max(0, input.length - end.length + 1));
          break;
        }
        inData = false;
        replies += '250 2.0.0 Ok\r\n';
        input = input.subarray(at + end.length);
      }
      const line = input.indexOf(crlf);
      if (line === -1) break;
      const verb = input.toString('latin1', 0, 4).toUpperCase();
      input = input.subarray(line + 2);
      if (verb === 'QUIT') {
        socket.end(`${replies}221 Bye\r\n`);
        return;
      }
      inData = verb === 'DATA';
      // An empty message ends with the CRLF that the DATA line brought.
      if (inData) input = Buffer.concat([crlf, input]);
      replies += inData ? '354 Go\r\n' : verb === 'EHLO' ? ehlo : '250 2.0.0 Ok\r\n';
    }
    rest = input;
    if (replies !== '') socket.write(replies);
  });
}

createServer({ noDelay: true }, converse).listen({
  port: Number(process.argv[2]),
  host: '127.0.0.1',
  backlog: 2048,
});
