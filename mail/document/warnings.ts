/** What is valid and probably not meant; a warning never blocks. */
import { isEverything, parseEntry } from './list-entry.ts';
import type { Configuration, DocumentOf, FormName, Server } from './forms.ts';

export function warningsOf<F extends FormName>(form: F, document: DocumentOf[F]): string[] {
  if (form === 'Server') return warningsOfServer(document as Server);
  return form === 'Configuration' ? warningsOfConfiguration(document as Configuration) : [];
}

function warningsOfServer({ postmaster }: Server): string[] {
  if (postmaster !== undefined) return [];
  return ['postmaster: nobody is named; mail for postmaster is held until somebody is'];
}

function warningsOfConfiguration(configuration: Configuration): string[] {
  return [openRelay(configuration), unauthenticated(configuration)].flatMap((warning) => warning ?? []);
}

function openRelay({ inboundRelay, relayEnforcement }: Configuration): string | undefined {
  const { allowHosts } = inboundRelay;
  if (relayEnforcement.hosts === 'none')
    return 'relayEnforcement.hosts: none is an open relay: every host may relay everywhere; write external or all';
  const world = allowHosts.find(isEverywhere);
  if (world !== undefined)
    return `inboundRelay.allowHosts: "${world}" is an open relay: every host may relay everywhere; write your own networks`;
  const exempt = relayEnforcement.excludeHosts.find(isEverywhere);
  if (exempt !== undefined)
    return `relayEnforcement.excludeHosts: "${exempt}" is an open relay: every host may relay everywhere; write your own networks`;
  return undefined;
}

/** Whether a group in a deny list has `*` only the directory knows: this is for the check against it. */
export function warningOfOpenLists(
  configuration: Configuration,
  groupsDenyEverything: () => boolean,
): string | undefined {
  const { allowHosts, allowDestinations, denyHosts, denyDestinations } = configuration.inboundRelay;
  const allowsAnybody = allowHosts.length === 0 && allowDestinations.length === 0;
  if (!allowsAnybody || openRelay(configuration) !== undefined) return undefined;
  if ([...denyHosts, ...denyDestinations].some(isEverything) || groupsDenyEverything()) return undefined;
  return 'inboundRelay: an open relay: nothing is allowed by name and "*" is denied nowhere; write "*" in denyHosts and denyDestinations';
}

function isEverywhere(text: string): boolean {
  const entry = parseEntry(text, 'hosts');
  if (!entry.ok || entry.value.kind !== 'network') return false;
  const { network } = entry.value;
  if (network.family === 6) return network.first === 0n && network.last === 2n ** 128n - 1n;
  return network.octets.every(([low, high]) => low === 0 && high === 255);
}

function unauthenticated({ routing }: Configuration): string | undefined {
  if (routing.relayHostAuthentication === 'disabled' || routing.relayHostCredentials !== '') return undefined;
  return `routing.relayHostCredentials: is empty, and relayHostAuthentication is ${routing.relayHostAuthentication}; name the secret that holds the user name and password`;
}
