/**
 * The field that makes a rule ask DNS or the directory: the reason of a deferral, where nothing could be decided. Rules
 * are named as in stages.ts; those that ask neither are not here.
 */
import type { Settings } from '../directory/settings.ts';
import type { Because } from './verdict.ts';

const inConfiguration: Readonly<Record<string, string>> = {
  'connection denied': 'inboundConnections.deny',
  'connection allowed': 'inboundConnections.allow',
  'lists concern this peer': 'relayEnforcement.hosts',
  'private whitelist': 'privateWhitelist.hosts',
  'private blacklist': 'privateBlacklist.hosts',
  'host name': 'inboundConnections.verifyHostName',
  'sender domain': 'inboundSenders.verifyDomain',
  recipient: 'inboundRecipients.verifyLocal',
  'relay enforcement': 'relayEnforcement.hosts',
  'relay lists': 'inboundRelay.allowHosts',
  'trusted forwarder': 'senderAuthentication.trustedForwarders',
};

const inServer: Readonly<Record<string, string>> = {
  'authenticated sender': 'verifyAuthenticatedSender',
  'authenticated authors': 'verifyAuthenticatedSender',
};

export function askedBy({ configuration, server }: Settings, rule: string): Because | undefined {
  const field = inConfiguration[rule];
  if (field !== undefined) return { document: `Configuration ${configuration.name}`, field };
  const own = inServer[rule];
  return own === undefined ? undefined : { document: `Server ${server.name}`, field: own };
}
