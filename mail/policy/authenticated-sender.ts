/**
 * Who has logged in sends only as themselves (Server document, `verifyAuthenticatedSender`; notes.ini
 * SMTPVerifyAuthenticatedSender): MAIL FROM, or `<>`, at MAIL; every mailbox of From and Sender at the end of DATA.
 * An address list that cannot be read is refused: whose name it shows is anybody's guess.
 */
import { logSafe, type ReversePath } from '../address/address.ts';
import { parseMailboxList } from '../address/mailbox-list.ts';
import { bodyOf, fieldsNamed, type HeaderBlock } from '../envelope/header.ts';
import { authorNotYours550, senderNotYours553 } from '../reply/message-replies.ts';
import { authenticationRequired530 } from '../reply/session-replies.ts';
import type { PolicyContext } from './context.ts';
import { ownAddresses, type Own } from './own-addresses.ts';
import { inServer, pass, refuse, type Ruling } from './ruling.ts';

/** F1: ports for people who log in take no mail before. */
export function authenticationRequired({ settings, session }: PolicyContext): Ruling {
  if (session.auth !== undefined) return pass(`authenticated as ${session.auth}`);
  const field = `ports.${session.port}.anonymous`;
  if (settings.server.ports[session.port].anonymous) return pass('strangers are admitted');
  return refuse(authenticationRequired530, inServer(settings, field, 'false'));
}

export async function authenticatedSender(context: PolicyContext, sender: ReversePath): Promise<Ruling> {
  const { settings, session } = context;
  if (session.auth === undefined) return pass('not authenticated');
  if (!settings.server.verifyAuthenticatedSender) return pass('not asked');
  if (sender === null) return pass('null sender');
  const own = await ownAddresses(context, session.auth);
  if (own?.owns(sender)) return pass(`an address of ${session.auth}`, reason(own));
  return refuse(
    senderNotYours553(logSafe(sender), session.auth),
    inServer(settings, 'verifyAuthenticatedSender', 'true'),
  );
}

export async function authenticatedAuthors(context: PolicyContext, header: HeaderBlock): Promise<Ruling> {
  const { settings, session } = context;
  if (session.auth === undefined) return pass('not authenticated');
  if (!settings.server.verifyAuthenticatedSender) return pass('not asked');
  const own = await ownAddresses(context, session.auth);
  for (const name of ['From', 'Sender'])
    if (!own || !fieldsNamed(header, name).every((field) => ownsAll(own, bodyOf(header, field))))
      return refuse(
        authorNotYours550(name, session.auth),
        inServer(settings, 'verifyAuthenticatedSender', 'true'),
      );
  return pass(`addresses of ${session.auth}`, reason(own));
}

function ownsAll(own: Own, body: string): boolean {
  const list = parseMailboxList(body);
  return list.ok && list.value.every(({ address }) => address !== undefined && own.owns(address));
}

function reason(own: Own | undefined) {
  return own && { document: `Person ${own.person.name}`, field: 'internetAddress' };
}
