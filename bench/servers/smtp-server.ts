/**
 * npm's smtp-server as it comes, with handlers that accept everything and throw it away.
 *
 *     node bench/servers/smtp-server.ts PORT [FOLDER WITH key.pem AND cert.pem]
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';

const [port, folder] = process.argv.slice(2);
const pem = (name: string): Buffer => readFileSync(join(folder!, name));
const tls = folder === undefined ? {} : { key: pem('key.pem'), cert: pem('cert.pem') };

const server = new SMTPServer({
  ...tls,
  name: 'bench.invalid',
  size: 64 * 1024 * 1024,
  disableReverseLookup: true,
  logger: false,
  authOptional: true,
  socketTimeout: 600_000,
  disabledCommands: folder === undefined ? ['STARTTLS', 'AUTH'] : ['AUTH'],
  onConnect: (_session, done) => done(),
  onMailFrom: (_address, _session, done) => done(),
  onRcptTo: (_address, _session, done) => done(),
  onData(stream, _session, done) {
    stream.on('end', () => done()).resume();
  },
});
server.on('error', () => undefined);
server.listen(Number(port), '127.0.0.1');
