/**
 * `postern explain`: the decision about a message that was never sent. The conductors of mail/policy are asked in the
 * order of a session, and the router for what they accept; with published settings, look-ups and real DNS.
 */
import type { Call, Command } from './command.ts';
import { explainMessage, type Question } from './explain-message.ts';
import type { Explained } from './explained.ts';
import { explainText } from './explain-text.ts';
import { Usage } from './failure.ts';
import { publishedSettings, viewsOf } from './settings.ts';
import { option } from './words.ts';
import { dnsResolver, withHostsFile } from '../aws/resolver.ts';
import { viewsDirectory } from '../aws/directory.ts';
import { readTuning } from '../aws/variables.ts';
import type { ListenerPort } from '../mail/envelope/envelope.ts';
import { isIP } from 'node:net';

const ports: readonly string[] = ['smtp', 'submission', 'smtps'];
/** A stranger: an address that documentation uses (RFC 5737). */
const stranger = '192.0.2.1';

async function explain(call: Call): Promise<{ json: Explained; text: string }> {
  const question = readQuestion(call);
  const settings = await publishedSettings(call);
  const dns = dnsResolver({ servers: readTuning(process.env).dnsServers });
  const resolver = withHostsFile(dns, settings.configuration.routing.hostNameLookup);
  const directory = viewsDirectory(viewsOf(call.gateway));
  const json = await explainMessage({ settings, resolver, directory }, question);
  return { json, text: explainText(question, json) };
}

function readQuestion(call: Call): Question {
  const from = option(call, 'from');
  if (from === undefined) throw new Usage('--from is missing; write --from "<>" for the null sender.');
  const to = listOf(call.values['to']);
  if (to.length === 0) throw new Usage('--to is missing.');
  const [auth, hostName, helo] = ['auth', 'host-name', 'helo'].map((name) => option(call, name));
  return {
    from,
    to,
    port: readPort(call, auth),
    ...readPeer(call, hostName),
    helo: helo ?? hostName ?? '',
    ...(auth === undefined ? {} : { auth }),
    ...readSize(call),
  };
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

/** Who logs in does so on the submission port, unless another one is named. */
function readPort(call: Call, auth: string | undefined): ListenerPort {
  const port = option(call, 'port') ?? (auth === undefined ? 'smtp' : 'submission');
  if (!ports.includes(port)) throw new Usage(`--port "${port}" is none; write ${ports.join(', ')}.`);
  return port as ListenerPort;
}

/** A host name that is given counts as confirmed; nobody looks up the made-up stranger's. */
function readPeer(call: Call, hostName: string | undefined): Pick<Question, 'peer' | 'named'> {
  const peer = option(call, 'peer');
  if (peer !== undefined && isIP(peer) === 0)
    throw new Usage(`--peer "${peer}" is no IP address; write one such as ${stranger}.`);
  if (hostName !== undefined) return { peer: peer ?? stranger, named: hostName };
  return peer === undefined ? { peer: stranger, named: null } : { peer };
}

function readSize(call: Call): { size?: number } {
  const text = option(call, 'size');
  if (text === undefined) return {};
  if (!/^\d+$/.test(text)) throw new Usage(`--size "${text}" is no number of bytes.`);
  return { size: Number(text) };
}

const text = { type: 'string' } as const;

export const explainCommands: Record<string, Command> = {
  explain: {
    takes:
      '--from A --to B… [--peer IP] [--host-name N] [--helo H] [--auth NAME] [--size N] [--port P] [--server S]',
    does: 'the whole decision, step by step; nothing is sent',
    options: {
      from: text,
      to: { type: 'string', multiple: true },
      peer: text,
      'host-name': text,
      helo: text,
      auth: text,
      size: text,
      port: text,
      server: text,
    },
    run: explain,
  },
};
