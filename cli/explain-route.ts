/** Where the router would send copies of a message that was never sent: each route with its reason. */
import type { ReversePath } from '../mail/address/address.ts';
import type { Envelope, Session } from '../mail/envelope/envelope.ts';
import type { PolicyContext } from '../mail/policy/context.ts';
import { standingAsFarAsKnown } from '../mail/policy/standing.ts';
import type { Because } from '../mail/policy/verdict.ts';
import type { Leaf } from '../mail/router/leaf.ts';
import { DnsUnavailable } from '../mail/relay/doors.ts';
import type { OutgoingContext } from '../mail/router/outgoing.ts';
import { routeRecipient } from '../mail/router/route.ts';
import { routingWait, sendable } from '../mail/router/route-message.ts';
import type { Question } from './explain-message.ts';

export interface Route {
  /** Another address than the recipient's, where a group or forwarding address led on. */
  readonly address: string;
  readonly route: string;
  readonly because: Because;
}

interface Asked {
  readonly sender: ReversePath;
  readonly address: string;
  readonly question: Question;
}

export async function explainRoute({ context }: { context: PolicyContext }, asked: Asked): Promise<Route[]> {
  const { settings, directory, resolver, session } = context;
  const address = asked.address.trim().replace(/^<(.*)>$/, '$1');
  const standing = await standingAsFarAsKnown(settings, session.peer);
  const hostName = session.peer.known();
  const envelope = envelopeOf(context, asked, { address, standing, ...(hostName && { hostName }) });
  return routes({ settings, directory, resolver, envelope, now: new Date(), readHeader }, address);
}

/** There is no header to convert; what it says decides no route. */
const readHeader = () => Promise.resolve(undefined);

async function routes(context: OutgoingContext, address: string): Promise<Route[]> {
  const wait = routingWait(context);
  if (wait?.because !== undefined)
    return [{ address, route: `waits: ${wait.reason}`, because: wait.because }];
  try {
    const { leaves } = await sendable(await routeRecipient({ address }, context), context);
    return leaves.map((leaf) => ({
      address: leaf.address,
      route: routeOf(leaf, address),
      because: leaf.because,
    }));
  } catch (cause) {
    // Only the outbound controls ask DNS: for the mail servers of a destination (domino-rules M10).
    if (!(cause instanceof DnsUnavailable)) throw cause;
    const document = `Configuration ${context.settings.configuration.name}`;
    return [
      { address, route: `waits: ${cause.message}`, because: { document, field: 'outboundRecipients' } },
    ];
  }
}

function routeOf(leaf: Leaf, address: string): string {
  const whom = leaf.address === address ? '' : ` for ${leaf.address}`;
  if (leaf.way === 'mailbox') return `mailbox ${leaf.mailFile}${whom}`;
  if (leaf.way === 'failed') return `report to the sender: ${leaf.reply}`;
  if (leaf.way === 'held') return `held: ${leaf.reason}`;
  if (leaf.way === 'expanded') return 'expanded';
  if (leaf.way === 'deleted') return 'deleted';
  if (leaf.transport === 'direct') return `direct, by MX of ${leaf.nextHop}${whom}`;
  return leaf.transport === 'ses' ? `Amazon SES${whom}` : `next hop ${leaf.nextHop}${whom}`;
}

/** Enough of an envelope for the router; it is kept nowhere. */
function envelopeOf(
  { settings, session }: PolicyContext,
  { sender, question }: Asked,
  { address, ...known }: { address: string } & Pick<Session, 'standing' | 'hostName'>,
): Envelope {
  const at = new Date().toISOString();
  return {
    id: 'explain',
    origin: 'session',
    from: sender?.text ?? '',
    recipients: [{ address }],
    eightBitMime: false,
    smtpUtf8: false,
    requireTls: false,
    bodyKey: '',
    size: question.size ?? 0,
    sha256: '',
    headerSize: 0,
    header: {},
    edits: [],
    acceptedAt: at,
    settings: settings.version,
    session: {
      id: 'explain',
      port: question.port,
      peer: question.peer,
      helo: question.helo,
      ...known,
      ...(session.auth === undefined ? {} : { auth: session.auth }),
    },
  };
}
