/**
 * Settings: everything but look-ups that decisions need, compiled by publish-directory into one immutable set per
 * server. A transaction uses one set throughout.
 */
import type {
  Configuration,
  ForeignSmtpDomain,
  GlobalDomain,
  Group,
  Server,
  SmtpConnection,
} from '../document/forms.ts';

export interface Settings {
  /** Id of this set; a new one for every change. */
  readonly version: string;
  /** The server these settings are for; one of `servers`. */
  readonly server: Server;
  readonly servers: readonly Server[];
  /** The one that applies, whole; its `name` says which. */
  readonly configuration: Configuration;
  readonly globalDomains: readonly GlobalDomain[];
  readonly foreignSmtpDomains: readonly ForeignSmtpDomain[];
  readonly connections: readonly SmtpConnection[];
  /** Groups that lists name, with what they nest, by folded name. */
  readonly groups: Readonly<Record<string, Group>>;
  /** Internet addresses of the people that lists and those groups name, by folded name. */
  readonly people: Readonly<Record<string, string>>;
  /** Random, made once per server, base64: signs the senders of forwarded mail (`routing.forwardingSender`). */
  readonly forwardingKey?: string;
}

export interface SettingsSource {
  /** The current set, confirmed within the last 60 s; throws DirectoryUnavailable. */
  current(): Promise<Settings>;
}
