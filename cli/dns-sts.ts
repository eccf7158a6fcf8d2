/** MTA-STS of a domain of ours: its record, and the policy itself, fetched as senders fetch it and held against the MX records. */
import { allowsMx, readStsPolicy, stsHost, stsIdOf, stsPath, stsRecordName } from '../mail/relay/mta-sts.ts';
import type { PolicyHost } from '../mail/relay/doors.ts';
import { found, texts, type DnsWorld, type Found } from './dns-world.ts';

export interface StsWorld extends DnsWorld {
  readonly policyHost: PolicyHost;
}

export async function mtaSts(world: StsWorld, domain: string): Promise<Found> {
  const name = stsRecordName(domain);
  const records = await texts(world, name, /^v=STSv1\s*(;|$)/);
  const place = `https://${stsHost(domain)}${stsPath}`;
  if (records.length === 0)
    return found('', `Write: ${name}. IN TXT "v=STSv1; id=1", and the policy at ${place}`);
  const text = records.join(' | ');
  if (stsIdOf(records.map((one) => [one])) === undefined)
    return found(text, `Keep one record at ${name}, with an id of letters and digits: "v=STSv1; id=1".`);
  const addresses = await world.resolver.addresses(stsHost(domain));
  if (addresses.length === 0)
    return found(text, `${stsHost(domain)} has no address, so nobody can read the policy.`);
  return policyFinding(world, domain, { text, place, addresses });
}

interface Announced {
  readonly text: string;
  readonly place: string;
  readonly addresses: readonly string[];
}

async function policyFinding(
  world: StsWorld,
  domain: string,
  { text, place, addresses }: Announced,
): Promise<Found> {
  const policy = await world.policyHost.read(domain, addresses).catch((error: Error) => error);
  if (policy instanceof Error)
    return found(
      `${text}; ${policy.message}`,
      `Serve the policy at ${place} as text/plain, under a certificate for ${stsHost(domain)}.`,
    );
  const read = readStsPolicy(policy);
  if (!read.ok) return found(`${text}; ${read.problem}`, `Correct the policy at ${place}: ${read.problem}.`);
  const { mode, mx } = read.value;
  const said = `${text}; mode ${mode}, mx ${mx.join(' ') || 'none'}`;
  const unnamed =
    mode === 'none' ? [] : (await exchanges(world, domain)).filter((host) => !allowsMx(read.value, host));
  if (unnamed.length === 0) return found(said, undefined);
  const lines = unnamed.map((host) => `"mx: ${host}"`).join(' and ');
  const then =
    mode === 'enforce'
      ? 'Senders that keep to it do not deliver there.'
      : 'Under enforce nobody would deliver there.';
  return found(
    said,
    `The policy does not name all MX hosts: write ${lines} there, then a new id into ${stsRecordName(domain)}. ${then}`,
  );
}

/** A domain without MX is its own mail server. */
async function exchanges({ resolver }: StsWorld, domain: string): Promise<string[]> {
  const { records } = await resolver.mx(domain);
  return records.length === 0 ? [domain] : records.map(({ exchange }) => exchange.replace(/\.$/, ''));
}
