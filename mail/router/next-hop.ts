/**
 * Next hops (docs/message-flow.md): other domains by Foreign SMTP Domain, relay host or MX; other
 * servers and Domino domains by SMTP where the documents allow it. There is no Notes routing here: what SMTP may
 * not carry has no route.
 */
import { canonicalDomain } from '../address/domain.ts';
import type { ForeignSmtpDomain, Server } from '../document/forms.ts';
import type { Settings } from '../directory/settings.ts';
import { abbreviate, foldName } from '../document/names.ts';
import type { Because } from '../policy/verdict.ts';
import { because } from './leaf.ts';

export type NextHop =
  | {
      readonly found: true;
      readonly transport: 'smtp' | 'direct' | 'ses';
      readonly nextHop: string;
      readonly because: Because;
    }
  | { readonly found: false; readonly reply: string; readonly because: Because };

/** The way to an Internet domain that is not local. */
export function wayToDomain(domain: string, settings: Settings): NextHop {
  const { configuration } = settings;
  const foreign = foreignDomainFor(domain, settings.foreignSmtpDomains);
  if (foreign !== undefined) return wayOfForeignDomain(foreign, settings);
  const document = `Configuration ${configuration.name}`;
  if (!configuration.routing.smtpOutsideLocalDomain)
    return {
      found: false,
      reply: `No route found to domain ${domain} from server ${settings.server.name}. Check Server, Connection and Domain documents in Domino Directory`,
      because: because(document, 'routing.smtpOutsideLocalDomain', 'false'),
    };
  const relayHost = configuration.routing.relayHost;
  if (relayHost !== '') return hop(relayHost, because(document, 'routing.relayHost', relayHost));
  return {
    found: true,
    transport: 'direct',
    nextHop: domain,
    because: because(document, 'routing.relayHost', ''),
  };
}

/** The most specific pattern: the name itself, then the longest `*.suffix`, then `*.*`. */
export function foreignDomainFor(
  domain: string,
  documents: readonly ForeignSmtpDomain[],
): ForeignSmtpDomain | undefined {
  const matching = documents.filter((document) => matchesPattern(domain, document.internetDomain));
  return matching.sort((a, b) => specificity(b.internetDomain) - specificity(a.internetDomain))[0];
}

function matchesPattern(domain: string, pattern: string): boolean {
  if (pattern === '*.*') return true;
  if (pattern.startsWith('*.')) return domain.endsWith(`.${canonicalDomain(pattern.slice(2))}`);
  return domain === canonicalDomain(pattern);
}

function specificity(pattern: string): number {
  if (pattern === '*.*') return 0;
  return pattern.startsWith('*.') ? pattern.length : 1000 + pattern.length;
}

function wayOfForeignDomain(foreign: ForeignSmtpDomain, settings: Settings): NextHop {
  const document = `ForeignSmtpDomain ${foreign.name}`;
  if (foreign.host !== undefined) return hop(foreign.host, because(document, 'host', foreign.host));
  return wayToDominoDomain(foreign.domain ?? '', settings, because(document, 'domain', foreign.domain));
}

/** A Domino domain, real or virtual: by an SMTP Connection from this server. */
export function wayToDominoDomain(domain: string, settings: Settings, why?: Because): NextHop {
  const connection = settings.connections.find(
    ({ sourceServer, destinationDomain }) =>
      foldName(sourceServer) === foldName(settings.server.name) &&
      foldName(destinationDomain) === foldName(domain),
  );
  if (connection === undefined)
    return {
      found: false,
      reply: `No route found to domain ${domain} from server ${settings.server.name}. Check Server, Connection and Domain documents in Domino Directory`,
      because: why ?? because(`Server ${settings.server.name}`, 'domain', settings.server.domain),
    };
  const document = `SmtpConnection ${connection.name}`;
  if (connection.relayHost !== undefined)
    return hop(connection.relayHost, because(document, 'relayHost', connection.relayHost));
  const target = serverNamed(connection.destinationServer ?? '', settings);
  if (target !== undefined) return hop(target.hostName, because(document, 'destinationServer', target.name));
  return noServer(
    connection.destinationServer ?? '',
    settings,
    because(document, 'destinationServer', connection.destinationServer),
  );
}

/** Another server of our own domain (docs/message-flow.md): SMTP if all conditions hold. */
export function wayToServer(name: string, settings: Settings, why: Because): NextHop {
  const { configuration, server } = settings;
  const document = `Configuration ${configuration.name}`;
  const target = serverNamed(name, settings);
  if (target === undefined) return noServer(name, settings, why);
  const { smtpWithinLocalDomain, reachableOverSmtp } = configuration.routing;
  if (smtpWithinLocalDomain === 'disabled')
    return noServer(name, settings, because(document, 'routing.smtpWithinLocalDomain', 'disabled'));
  if (!target.smtpListener)
    return noServer(name, settings, because(`Server ${target.name}`, 'smtpListener', 'false'));
  if (
    reachableOverSmtp === 'same-named-network' &&
    foldName(target.namedNetwork) !== foldName(server.namedNetwork)
  )
    return noServer(name, settings, because(`Server ${target.name}`, 'namedNetwork', target.namedNetwork));
  return hop(target.hostName, because(`Server ${target.name}`, 'hostName', target.hostName));
}

function serverNamed(name: string, settings: Settings): Server | undefined {
  return settings.servers.find((server) => foldName(server.name) === foldName(name));
}

function noServer(name: string, settings: Settings, why: Because): NextHop {
  return {
    found: false,
    reply: `No route found to server ${abbreviate(name)} from server ${abbreviate(settings.server.name)}`,
    because: why,
  };
}

/** A next hop as documents write it: `ses` goes by Amazon SES, everything else by SMTP. */
export function hop(text: string, why: Because): NextHop {
  const transport = text.toLowerCase() === 'ses' ? 'ses' : 'smtp';
  return { found: true, transport, nextHop: transport === 'ses' ? 'ses' : text, because: why };
}
