/** The doors of route-mail, and what the router is told of a message through them. */
import type { Directory } from '../../mail/directory/directory.ts';
import type { SettingsSource } from '../../mail/directory/settings.ts';
import type { Envelope } from '../../mail/envelope/envelope.ts';
import type { Resolver } from '../../mail/relay/doors.ts';
import type { MessageContext } from '../../mail/router/route-message.ts';
import type { BodyStore, Clock, ObjectStore, Plan, Spool, WorkQueue } from '../../mail/spool/doors.ts';
import type { Delivery, MessageRecord } from '../../mail/spool/records.ts';
import { readHeader } from './read-header.ts';

export interface RouteDoors {
  readonly settings: SettingsSource;
  readonly directory: Directory;
  readonly resolver: Pick<Resolver, 'mx'>;
  readonly bodies: Pick<BodyStore, 'open'>;
  readonly spool: Spool;
  readonly queue: WorkQueue;
  readonly objects: ObjectStore;
  readonly keepMessage: (id: string) => Promise<void>;
  readonly restoreMessage: (id: string) => Promise<void>;
  readonly trace: (message: MessageRecord, deliveries: readonly Delivery[]) => Promise<void>;
  readonly clock: Clock;
  readonly onRouted: (plan: Plan) => void;
}

const noMailServers: RouteDoors['resolver'] = { mx: () => Promise.resolve({ exists: true, records: [] }) };

/** `released`: by a person; what held it before is not asked again. */
export async function contextOf(
  envelope: Envelope,
  doors: RouteDoors,
  released: boolean,
): Promise<MessageContext> {
  const { directory, bodies, clock } = doors;
  const settings = await doors.settings.current();
  const { hostNameLookup } = settings.configuration.routing;
  return {
    envelope,
    settings,
    directory,
    // The hosts file knows no mail servers.
    resolver: hostNameLookup === 'local' ? noMailServers : doors.resolver,
    now: clock(),
    readHeader: (of) => readHeader(bodies, of),
    released,
  };
}
