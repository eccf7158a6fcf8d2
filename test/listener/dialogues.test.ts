/**
 * Runs test/dialogues/*.txt against a real listener; the file name is the case. Lines of a file:
 *
 *     # why
 *     world {"server": {…}}      documents, people, dns as in World (test/mail/policy/world.ts); JSON on one line
 *     port smtps                 the port to connect to, default smtp
 *     C: EHLO client.example     sent with CRLF; `\r \n \0 \xNN` are octets; `C+` sends without CRLF
 *     S: 250-.*                  the next line of a reply, a whole-line regular expression
 *     S* 250                     a whole reply with that code
 *     TLS                        the handshake, here and now
 *     CLOSED                     the server has closed, nothing was left to read
 *     KEPT n                     so many messages were accepted
 *
 * `NAME.eml` beside it is the message that must have arrived, CRLF for LF.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { connect, connectSecurely, type Client } from './client.ts';
import { gateway, type Gateway, type GatewayOptions } from './gateway.ts';

const folder = fileURLToPath(new URL('../dialogues/', import.meta.url));

for (const file of readdirSync(folder).filter((name) => name.endsWith('.txt')))
  test(basename(file, '.txt').replaceAll('-', ' '), () => run(`${folder}${file}`));

async function run(path: string): Promise<void> {
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const given = lines.find((line) => line.startsWith('world '))?.slice(6) ?? '{}';
  const port = (lines.find((line) => line.startsWith('port '))?.slice(5) ?? 'smtp') as keyof Gateway['ports'];
  await using house = await gateway(JSON.parse(given) as GatewayOptions);
  const client =
    port === 'smtps' ? await connectSecurely(house.ports.smtps) : await connect(house.ports[port]);
  for (const line of lines.filter((one) => !/^(?:world|port) /.test(one))) await step(line, client, house);
  client.close();
  const message = path.replace(/\.txt$/, '.eml');
  if (!existsSync(message)) return;
  assert.equal(house.kept.length, 1, 'one message arrived');
  assert.equal(
    house.kept[0]!.body.toString('latin1'),
    readFileSync(message, 'latin1').replaceAll('\n', '\r\n'),
  );
}

async function step(line: string, client: Client, house: Gateway): Promise<void> {
  const [, verb = '', rest = ''] = /^(\S+) ?(.*)$/s.exec(line) ?? [];
  switch (verb) {
    case 'C:':
      return client.send(octets(`${rest}\\r\\n`));
    case 'C+':
      return client.send(octets(rest));
    case 'S:':
      return assert.match((await client.line()) ?? 'closed', new RegExp(`^(?:${rest})$`, 'u'));
    case 'S*':
      return assert.match((await client.reply()) ?? 'closed', new RegExp(`^${rest}[ -]`));
    case 'TLS':
      return client.secure();
    case 'CLOSED':
      return assert.deepEqual(await client.rest(), []);
    case 'KEPT':
      return assert.equal(house.kept.length, Number(rest));
    default:
      throw new Error(`${line}: no step begins with ${verb}`);
  }
}

function octets(text: string): Buffer {
  const parts = text.split(/(\\r|\\n|\\0|\\x[\da-f]{2})/);
  return Buffer.concat(parts.map((part) => Buffer.from(...meaning(part))));
}

function meaning(part: string): [string, BufferEncoding] {
  const named: Record<string, string> = { '\\r': '0d', '\\n': '0a', '\\0': '00' };
  if (named[part] !== undefined) return [named[part], 'hex'];
  return /^\\x[\da-f]{2}$/.test(part) ? [part.slice(2), 'hex'] : [part, 'utf8'];
}
