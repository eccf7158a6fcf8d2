/**
 * route-mail: decides once where each accepted message goes (spool.md, transition 2).
 *
 * Receives `route` messages {id, envelope | envelopeKey}, also {id} from the sweep. Reads settings, look-ups, the spool,
 * DNS, and the header blocks of our own people's mail that leaves; writes record `m` and its deliveries, trace pointers,
 * large plans under plans/; tells deliver, relay, direct and report. Touches no body beyond a copy to kept/. A failure
 * leaves the message in the queue; what fails for half a day is kept as stuck, with an alarm.
 */
import { storedBodies } from '../../aws/stored-bodies.ts';
import { dynamodb, s3, sqs } from '../../aws/clients.ts';
import { mailLog } from '../../aws/mail-log.ts';
import { queueHandler } from '../../aws/queue-batch.ts';
import { dnsResolver } from '../../aws/resolver.ts';
import { writeTrace } from '../../aws/trace.ts';
import { readTuning, readVariables } from '../../aws/variables.ts';
import { workerDoors } from '../../aws/worker-doors.ts';
import type { RouteWork } from '../../mail/spool/doors.ts';
import type { RouteDoors } from './doors.ts';
import { giveUp, route } from './route.ts';
import { settings } from './settings.ts';
import { tellRouted } from './told.ts';

const vars = readVariables(process.env, settings.variables);
const log = mailLog('route-mail');
const made = workerDoors(vars, process.env, log);

const doors: RouteDoors = {
  ...made,
  resolver: dnsResolver({ servers: readTuning(process.env).dnsServers }),
  bodies: storedBodies({ client: s3(), bucket: vars.bucket }),
  trace: (record, deliveries) =>
    writeTrace({ client: dynamodb(), table: vars.spoolTable }, { record, deliveries }, made.clock()),
  onRouted: (plan) => tellRouted(log, plan),
};

/** With waits of up to five minutes this is most of a day. */
const mostReceives = 200;

export const handler = queueHandler<RouteWork>({
  client: sqs(),
  queueUrl: vars.routeQueue,
  log,
  async work(work, { receives }) {
    if (receives < mostReceives) return route(work, doors);
    if (await giveUp(work, doors, 'stuck')) log.held({ message: work.id, part: 'm', reason: 'stuck' });
  },
});
