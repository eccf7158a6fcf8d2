/** `postern dns`: are the records there that mail of our domains needs, and a new key for DKIM. */
import { generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { secretsManager } from '../aws/clients.ts';
import { httpsPolicyHost } from '../aws/policy-host.ts';
import { dnsResolver } from '../aws/resolver.ts';
import { awsSecrets } from '../aws/secrets.ts';
import { readTuning, type Tuning } from '../aws/variables.ts';
import { canonicalDomain } from '../mail/address/domain.ts';
import { internetDomain, selector as selectorCheck } from '../mail/document/checks.ts';
import { parseNextHop } from '../mail/relay/next-hop.ts';
import type { Resolver } from '../mail/relay/doors.ts';
import type { Call, Command } from './command.ts';
import { domainFindings, hostFindings, ownDomains } from './dns-findings.ts';
import type { DnsWorld, Finding } from './dns-world.ts';
import { Usage } from './failure.ts';
import type { Gateway } from './gateway.ts';
import { unreachable } from './reach.ts';
import { publishedSettings } from './settings.ts';
import { word } from './words.ts';

async function check(call: Call) {
  const settings = await publishedSettings(call);
  const tuning = readTuning(process.env);
  const world = {
    settings,
    resolver: dnsResolver({ servers: tuning.dnsServers }),
    policyHost: httpsPolicyHost({ port: tuning.mtaStsPort }),
    secret: secretsOf(call.gateway),
  };
  const domains = call.positionals.length > 0 ? call.positionals.map(domainOf) : ownDomains(settings);
  const groups = await Promise.all([
    ...domains.map((domain) => domainFindings(world, domain)),
    hostFindings(world),
    reachFindings(world, tuning),
  ]);
  const json = [...groups.flat(), dane(settings.server.hostName, tuning)];
  return { json, text: json.map(lineOf).join('\n') };
}

/** The files of a local run; of a stack what the caller's own rights let them read. */
function secretsOf({ data, stack }: Gateway): (name: string) => Promise<string | undefined> {
  if (data === undefined) {
    const secrets = awsSecrets({ client: secretsManager(), prefix: `${stack}/`, clock: () => new Date() });
    return (name) => secrets.read(name);
  }
  return async (name) => {
    const file = join(data, 'secrets', name);
    return existsSync(file) ? readFile(file, 'utf8') : undefined;
  };
}

function domainOf(text: string): string {
  const problem = internetDomain(text);
  if (problem !== undefined) throw new Usage(`${problem}.`);
  // As DNS has it (RFC 5890): records with other letters would not be found.
  return canonicalDomain(text) ?? text.toLowerCase();
}

function lineOf({ domain, check: name, ok, found, advice }: Finding): string {
  const line = `${ok ? 'ok   ' : 'WRONG'} ${domain} ${name}: ${found === '' ? 'nothing there' : found}`;
  return advice === '' ? line : `${line}\n        ${advice}`;
}

async function reachFindings(world: DnsWorld, { mxPort }: Tuning): Promise<Finding[]> {
  const { hostName } = world.settings.server;
  const { relayHost } = world.settings.configuration.routing;
  const own = await reach(world.resolver, { host: hostName, port: mxPort });
  const findings: Finding[] = [
    {
      domain: hostName,
      check: `port ${mxPort}`,
      ok: own === undefined,
      found: own ?? 'reachable from here',
      advice:
        own === undefined
          ? ''
          : `Open port ${mxPort} of ${hostName} to the world: mail for our domains comes there.`,
    },
  ];
  const hop = relayHost === '' ? undefined : parseNextHop(relayHost);
  if (hop === undefined || !hop.ok || hop.value.kind === 'ses') return findings;
  const target = hop.value;
  const host =
    target.kind === 'address' ? target.address : target.kind === 'host' ? target.host : target.domain;
  const port = 'port' in target && target.port !== undefined ? target.port : mxPort;
  const via = target.kind === 'domain' ? await exchangeOf(world.resolver, host) : host;
  const reason = await reach(world.resolver, { host: via, port });
  return [
    ...findings,
    {
      domain: relayHost,
      check: 'relay host',
      ok: reason === undefined,
      found: reason ?? `reachable from here on port ${port}`,
      advice: reason === undefined ? '' : 'Correct routing.relayHost, or let this network connect there.',
    },
  ];
}

/** The first MX, else the name itself. */
async function exchangeOf(resolver: Resolver, domain: string): Promise<string> {
  const { records } = await resolver.mx(domain).catch(() => ({ records: [] }));
  const [first] = records.toSorted((one, other) => one.priority - other.priority);
  return first?.exchange ?? domain;
}

async function reach(
  resolver: Resolver,
  { host, port }: { host: string; port: number },
): Promise<string | undefined> {
  const addresses = await resolver.addresses(host).catch((error: Error) => error.message);
  if (typeof addresses === 'string') return addresses;
  if (addresses.length === 0) return `${host} has no address`;
  let reason: string | undefined;
  for (const address of addresses) {
    reason = await unreachable(address, port);
    if (reason === undefined) return undefined;
  }
  return reason;
}

function dane(domain: string, { dnssecResolver }: Tuning): Finding {
  if (dnssecResolver !== undefined)
    return { domain, check: 'DANE', ok: true, found: `validated by ${dnssecResolver}`, advice: '' };
  const advice = 'Set DNSSEC_RESOLVER (dnssecResolver in cdk.json) to a validating resolver to have DANE.';
  return { domain, check: 'DANE', ok: true, found: 'off: no validating resolver is named', advice };
}

/** Strings of a TXT record take 255 octets (RFC 1035 section 3.3). */
const longestString = 255;

function dkimKey(call: Call) {
  const [domain, selector] = [domainOf(word(call, 0, 'DOMAIN')), word(call, 1, 'SELECTOR')];
  const problem = selectorCheck(selector);
  if (problem !== undefined) throw new Usage(`${problem}.`);
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const value = `v=DKIM1; k=rsa; p=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`;
  const name = `${selector}._domainkey.${domain}`;
  const json = { domain, selector, name, type: 'TXT', value, privateKey: pem };
  return Promise.resolve({ json, text: keyText(json) });
}

function keyText({
  domain,
  selector,
  name,
  value,
  privateKey,
}: Record<'domain' | 'selector' | 'name' | 'value' | 'privateKey', string>): string {
  const secret = `dkim-${domain}-${selector}`;
  const strings = value.match(new RegExp(`.{1,${longestString}}`, 'g')) ?? [];
  return [
    `1. Keep the private key as the secret ${secret}: Secrets Manager <stack>/${secret}, or .postern/secrets/${secret}.`,
    '',
    privateKey.trim(),
    '',
    '2. Publish its record:',
    '',
    `${name}. IN TXT ${strings.map((text) => `"${text}"`).join(' ')}`,
    '',
    '3. When DNS shows it, have it used, in the Configuration document:',
    '',
    `"dkimSigning": [{"domain": "${domain}", "selector": "${selector}", "secret": "${secret}"}]`,
  ].join('\n');
}

export const dnsCommands: Record<string, Command> = {
  'dns check': {
    takes: '[DOMAIN…] [--server S]',
    does: 'records and reachability that mail of our domains needs',
    options: { server: { type: 'string' } },
    run: check,
  },
  'dns dkim-key': {
    takes: 'DOMAIN SELECTOR',
    does: 'a new key for DKIM, and its record',
    offline: true,
    run: dkimKey,
  },
};
