/**
 * Whose mail comes in (Configuration > Inbound Intended Recipients Controls; rules P1 to P3): the recipient lists,
 * which look at the RCPT address only, and the look-up of local recipients. Throws DirectoryUnavailable.
 */
import { logSafe, type Address, type ReversePath } from '../address/address.ts';
import type { Entry } from '../directory/directory.ts';
import { lookUpRecipient, type LookUp } from '../directory/look-up.ts';
import { srsOriginal } from '../router/srs.ts';
import type { Settings } from '../directory/settings.ts';
import {
  messageRejected554,
  noSuchUser550,
  notMailable550,
  notReader550,
  notUnique553,
} from '../reply/message-replies.ts';
import type { PolicyContext } from './context.ts';
import { listsOf } from './lists.ts';
import { isReader } from './readers.ts';
import { accept, inConfiguration, pass, refuse, type Ruling } from './ruling.ts';

export interface LocalRecipient {
  /** As received: replies show this. */
  readonly recipient: Address;
  /** Without our own Domino domain. */
  readonly address: Address;
  readonly sender: ReversePath;
}

export function recipientLists({ settings }: PolicyContext, address: Address): Ruling {
  const { allow, deny } = listsOf(settings).recipients;
  const denied = deny.match(address);
  if (denied !== undefined)
    return refuse(messageRejected554, inConfiguration(settings, 'inboundRecipients.deny', denied));
  if (allow.empty) return pass('not denied');
  const allowed = allow.match(address);
  const because = inConfiguration(settings, 'inboundRecipients.allow', allowed);
  return allowed === undefined ? refuse(messageRejected554, because) : pass('allowed', because);
}

export async function verifiedRecipient(context: PolicyContext, local: LocalRecipient): Promise<Ruling> {
  const { settings, directory } = context;
  const { routing, inboundRecipients } = settings.configuration;
  if (!inboundRecipients.verifyLocal)
    return accept('not asked', inConfiguration(settings, 'inboundRecipients.verifyLocal', 'false'));
  if (srsOriginal(local.address, settings) !== undefined)
    return accept(
      'a sender that forwarding rewrote',
      inConfiguration(settings, 'routing.forwardingSender', 'rewrite'),
    );
  if (routing.smartHostForAllLocalRecipients && routing.localDomainSmartHost !== '')
    return accept(
      'left to the smart host',
      inConfiguration(settings, 'routing.smartHostForAllLocalRecipients', 'true'),
    );
  const found = await lookUpRecipient(local.address, settings, directory);
  if ('found' in found) return foundRuling(context, local, found);
  return 'ambiguous' in found
    ? ambiguousRuling(settings, local, found)
    : unknownRuling(settings, local, found);
}

function unknownRuling(settings: Settings, { recipient }: LocalRecipient, { because }: LookUp): Ruling {
  const { localDomainSmartHost } = settings.configuration.routing;
  if (localDomainSmartHost === '') return refuse(noSuchUser550(logSafe(recipient)), because);
  return accept(
    'unknown, left to the smart host',
    inConfiguration(settings, 'routing.localDomainSmartHost', localDomainSmartHost),
  );
}

function ambiguousRuling(settings: Settings, { address, recipient }: LocalRecipient, found: LookUp): Ruling {
  if (!settings.configuration.inboundRecipients.rejectAmbiguous) return accept('ambiguous', found.because);
  const name = logSafe(address.local);
  return refuse(notUnique553(name, logSafe(recipient.text)), found.because);
}

async function foundRuling(
  context: PolicyContext,
  local: LocalRecipient,
  { found, because }: Extract<LookUp, { found: Entry }>,
): Promise<Ruling> {
  const document = `${found.form} ${found.name}`;
  if (found.form === 'Group') return groupRuling(context, local, found);
  if (found.form === 'Person' && found.document.mailSystem === 'none')
    return refuse(noSuchUser550(logSafe(local.recipient)), { document, field: 'mailSystem', entry: 'none' });
  return accept('found', because);
}

async function groupRuling(
  context: PolicyContext,
  { recipient, sender }: LocalRecipient,
  { name, document: group }: Extract<Entry, { form: 'Group' }>,
): Promise<Ruling> {
  const { settings } = context;
  const document = `Group ${name}`;
  if (group.groupType !== 'multi-purpose' && group.groupType !== 'mail-only')
    return refuse(notMailable550(logSafe(recipient)), {
      document,
      field: 'groupType',
      entry: group.groupType,
    });
  if (settings.configuration.inboundRecipients.denyGroups)
    return refuse(messageRejected554, inConfiguration(settings, 'inboundRecipients.denyGroups', 'true'));
  if (group.readers.length > 0 && !(await isReader(context, { readers: group.readers, sender })))
    return refuse(notReader550(name), { document, field: 'readers' });
  return accept('found', { document, field: 'internetAddress' });
}
