/** SPF of a domain of ours: its record, and whether it lets our own address send where we send by MX ourselves. */
import { mailauthAnswer } from '../mail/policy/mailauth-answer.ts';
import type { Resolver } from '../mail/relay/doors.ts';
import { found, texts, type DnsWorld, type Found } from './dns-world.ts';

export async function spf(world: DnsWorld, domain: string): Promise<Found> {
  const records = await texts(world, domain, /^v=spf1(\s|$)/i);
  const viaSes = world.settings.configuration.routing.relayHost === 'ses';
  const wanted = `Write: ${domain}. IN TXT "v=spf1 mx ${viaSes ? 'include:amazonses.com ' : ''}-all"`;
  if (records.length === 0) return found('', wanted);
  const text = records.join(' | ');
  if (records.length > 1)
    return found(text, 'Keep one of these records: several are a permanent error (RFC 7208).');
  if (/(^|\s)\+?all(\s|$)/i.test(text))
    return found(text, 'Write -all or ~all: this lets the whole world send in its name.');
  return found(text, await againstUs(world, domain));
}

/** Mail that leaves by another's host comes from that host's address, which nobody here knows. */
async function againstUs({ settings, resolver }: DnsWorld, domain: string): Promise<string | undefined> {
  const { server, configuration } = settings;
  if (configuration.routing.relayHost !== '') return undefined;
  for (const ip of await resolver.addresses(server.outboundHostName)) {
    const result = await verdict(resolver, { domain, ip, helo: server.outboundHostName });
    if (result === 'permerror')
      return 'The record cannot be used (a permanent error): correct it, or have it ask for fewer names.';
    if (result !== 'pass' && result !== 'temperror')
      return `Mail that this server sends itself leaves from ${ip}, for which this says ${result}: add ${ip.includes(':') ? 'ip6' : 'ip4'}:${ip}.`;
  }
  return undefined;
}

async function verdict(
  resolver: Resolver,
  { domain, ip, helo }: { domain: string; ip: string; helo: string },
): Promise<string> {
  // Every other command starts without it.
  const { spf: evaluate } = await import('mailauth/lib/spf/index.js');
  const { status } = await evaluate({
    sender: `postmaster@${domain}`,
    ip,
    helo,
    mta: helo,
    resolver: (name, type) => mailauthAnswer(resolver, { name, type, ip }),
  });
  return status.result;
}
