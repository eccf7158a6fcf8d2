/**
 * The door PolicyHost: the text of an MTA-STS policy over HTTPS (RFC 8461 section 3.3): the certificate must be that of
 * the policy's host, redirects are not followed, and neither time nor length is without end. Node's own authorities
 * are trusted, and those of NODE_EXTRA_CA_CERTS.
 */
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { once } from 'node:events';
import type { PolicyHost } from '../mail/relay/doors.ts';
import { largestPolicy, stsHost, stsPath } from '../mail/relay/mta-sts.ts';

export interface PolicyHostOptions {
  readonly port: number;
  readonly timeoutMs?: number;
  /** Authorities in place of Node's. */
  readonly ca?: string;
}

/** Each further address costs the time of one that does not answer. */
const mostAddresses = 2;

export function httpsPolicyHost({ port, timeoutMs = 10_000, ca }: PolicyHostOptions): PolicyHost {
  return {
    async read(domain, addresses) {
      let cause: unknown;
      for (const address of addresses.slice(0, mostAddresses))
        try {
          return await get({ domain, address, port, timeoutMs, ...(ca === undefined ? {} : { ca }) });
        } catch (error) {
          cause = error;
        }
      throw new Error(`The MTA-STS policy of ${domain} cannot be fetched: ${(cause as Error)?.message}`, {
        cause,
      });
    },
  };
}

interface Place {
  readonly domain: string;
  readonly address: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly ca?: string;
}

async function get({ domain, address, port, timeoutMs, ...trust }: Place): Promise<string> {
  const host = stsHost(domain);
  const asked = request({
    ...trust,
    host: address,
    servername: host,
    port,
    path: stsPath,
    agent: false,
    headers: { host, accept: 'text/plain' },
    signal: AbortSignal.timeout(timeoutMs),
  });
  asked.end();
  try {
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    return await textOf(answer);
  } finally {
    asked.on('error', () => undefined).destroy();
  }
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const type = answer.headers['content-type'] ?? 'text/plain';
  if (answer.statusCode !== 200) throw new Error(`its host answers ${answer.statusCode}`);
  if (!/^text\/plain\b/i.test(type)) throw new Error(`it is ${type}, not text/plain`);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > largestPolicy) throw new Error(`it is longer than ${largestPolicy} octets`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
