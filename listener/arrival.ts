/** The envelope of a message that passed: who sent it to whom, what was found out, and the edits it leaves with. */
import { isDeepStrictEqual } from 'node:util';
import { dropsOnArrival, missingEmptyLine, missingFields } from '../mail/envelope/arrival-edits.ts';
import type { Envelope, Session } from '../mail/envelope/envelope.ts';
import type { HeaderEdit } from '../mail/envelope/header-edits.ts';
import type { HeaderBlock } from '../mail/envelope/header.ts';
import { headerFacts } from '../mail/envelope/header-facts.ts';
import { received } from '../mail/envelope/received.ts';
import { standingAsFarAsKnown } from '../mail/policy/standing.ts';
import { bodyKeyOf } from '../mail/spool/keys.ts';
import type { Arriving } from './data.ts';
import type { Findings } from './policy.ts';
import type { StagedBody } from './staging.ts';

interface Passed {
  readonly header: HeaderBlock;
  readonly body: StagedBody;
  readonly findings: Findings;
}

export async function envelopeOf(arriving: Arriving, passed: Passed): Promise<Envelope> {
  const { transaction, id } = arriving;
  const { header, body, findings } = passed;
  const session = await sessionOf(arriving);
  const now = new Date();
  const { recipients } = transaction;
  const accepted = recipients[0]?.because;
  const { requireTls, smtpUtf8, eightBitMime, ret, envid } = transaction.parameters;
  return {
    id,
    origin: 'session',
    session,
    from: transaction.from?.text ?? '',
    recipients: recipients.map(({ address, parameters, because }) => ({
      address: address.text,
      ...parameters,
      ...(because !== undefined && !isDeepStrictEqual(because, accepted) && { accepted: because }),
    })),
    eightBitMime,
    smtpUtf8,
    requireTls,
    ...(ret && { ret }),
    ...(envid && { envid }),
    bodyKey: bodyKeyOf(id),
    size: body.size,
    sha256: body.sha256,
    headerSize: body.header.length,
    header: headerFacts(header),
    edits: editsOf(arriving, passed, { session, now }),
    acceptedAt: now.toISOString(),
    ...(findings.rules && { rules: findings.rules }),
    ...(findings.trust && { trust: findings.trust }),
    ...(accepted && { accepted }),
    settings: transaction.settings.version,
  };
}

/** Received stands on top; what we found out below it (RFC 8601 section 5). */
function editsOf(
  { dialogue, transaction, id }: Arriving,
  { header, findings }: Passed,
  { session, now }: { session: Session; now: Date },
): HeaderEdit[] {
  const { hostName } = transaction.settings.server;
  const { recipients, parameters } = transaction;
  const missing =
    session.auth === undefined ? [] : missingFields(header, { date: now, messageId: `${id}@${hostName}` });
  const trace = received({
    helo: session.helo,
    esmtp: dialogue.hello?.esmtp ?? false,
    peer: session.peer,
    hostName: session.hostName,
    tls: session.tls,
    authenticated: session.auth !== undefined,
    smtpUtf8: parameters.smtpUtf8,
    by: hostName,
    id,
    recipient: recipients.length === 1 ? recipients[0]?.address.text : undefined,
    date: now,
  });
  return [
    ...dropsOnArrival(header, [hostName]),
    ...missingEmptyLine(header),
    ...missing,
    ...findings.edits,
    { op: 'prepend', field: trace },
  ];
}

async function sessionOf({ dialogue, transaction }: Arriving): Promise<Session> {
  const { tls, auth, peer, hello, id, port } = dialogue;
  const standing = await standingAsFarAsKnown(transaction.settings, peer);
  const hostName = peer.known();
  return {
    id,
    port,
    peer: peer.address,
    ...(hostName && { hostName }),
    helo: hello?.name ?? '',
    ...(tls && { tls }),
    ...(auth && { auth }),
    standing,
  };
}
