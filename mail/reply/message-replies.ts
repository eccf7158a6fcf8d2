/**
 * Replies to a message: MAIL, RCPT, DATA and its end. In dialogue order; the name contains the number. Enhanced
 * codes are those of RFC 3463, RFC 7372, RFC 7505 and their registry. Phrases are Domino's where it has one.
 * Addresses reach a reply only in their log-safe spelling.
 */
import { reply, type Reply } from './reply.ts';

export function senderOk250(sender: string): Reply {
  return reply(250, '1.0', `${sender}... Sender OK`);
}
export function recipientOk250(recipient: string): Reply {
  return reply(250, '1.5', `${recipient}... Recipient OK`);
}

export function senderSyntax501(problem: string): Reply {
  return reply(501, '1.7', `Syntax error in the sender: ${problem}`);
}
export function senderRejected554(sender: string): Reply {
  return reply(554, '7.1', `Mail from ${sender} rejected for policy reasons.`);
}
/** Domino's phrase, with the code that says why. */
export function senderDomainUnknown554(sender: string, domain: string): Reply {
  const { text } = senderRejected554(sender);
  return reply(554, '1.8', `${text} Domain ${domain} has neither an MX nor an address.`);
}
/** RFC 7505 section 4.2: the sender's domain publishes a null MX. */
export function senderNullMx550(domain: string): Reply {
  return reply(550, '7.27', `Sender domain ${domain} has a null MX`);
}
export function senderNotYours553(sender: string, person: string): Reply {
  return reply(553, '7.1', `${sender} is not an address of ${person}`);
}

export function recipientSyntax501(problem: string): Reply {
  return reply(501, '1.3', `Syntax error in the recipient: ${problem}`);
}
/** Source routes, `!`, `%` and `@` in a local part: addresses that ask us to route by them. */
export function recipientRouted550(recipient: string): Reply {
  return reply(550, '1.3', `${recipient}... Routing within an address is not accepted`);
}
export const relayRejected554: Reply = reply(554, '7.1', 'Relay rejected for policy reasons.');
export const messageRejected554: Reply = reply(554, '7.1', 'Message rejected for policy reasons.');
export function noSuchUser550(recipient: string): Reply {
  return reply(550, '1.1', `${recipient}... No such user`);
}
export function notMailable550(recipient: string): Reply {
  return reply(550, '1.1', `${recipient}... Cannot route mail to user`);
}
export function notUnique553(name: string, address: string): Reply {
  return reply(
    553,
    '1.4',
    `User ${name} (${address}) not unique. Several matches found in Domino Directory.`,
  );
}
export function notReader550(group: string): Reply {
  return reply(550, '7.2', `not authorized to send mail to group ${group}`);
}
/** RFC 6531 section 3.5: an address needs SMTPUTF8 and the transaction did not ask for it. */
export const needsSmtpUtf8553: Reply = reply(553, '6.7', 'Non-ASCII addresses need SMTPUTF8');
export const tooManyRecipients452: Reply = reply(452, '5.3', 'Too many recipients');

export const startInput354: Reply = reply(354, undefined, 'Enter message, end with "." on a line by itself');
export const tooLarge552: Reply = reply(552, '3.4', 'Message exceeds fixed maximum message size');
export const headerTooLarge552: Reply = reply(552, '3.4', 'Message header exceeds fixed maximum size');
export const tooManyParts554: Reply = reply(
  554,
  '6.0',
  'Message has over 1,000 MIME parts, or parts over 100 deep',
);
export const bareControl550: Reply = reply(550, '5.2', 'Message has a bare CR, bare LF or NUL');
export const hopCount554: Reply = reply(
  554,
  '4.6',
  'Maximum hop count exceeded. Message probably in a routing loop.',
);
export function authorNotYours550(field: string, person: string): Reply {
  return reply(550, '7.1', `The ${field} field must hold addresses of ${person} only`);
}
export const spfFailed550: Reply = reply(550, '7.23', 'SPF validation failed');
export function dmarcFailed550(domain: string): Reply {
  return reply(550, '7.1', `Rejected by the DMARC policy of ${domain}`);
}
export function accepted250(id: string): Reply {
  return reply(250, '0.0', `Message accepted for delivery as ${id}`);
}

export const storageFull452: Reply = reply(452, '3.1', 'Insufficient system storage, try again later');
/** What is not understood is temporary; the cause goes to the log. */
export const localError451: Reply = reply(451, '3.0', 'Local error in processing, try again later');
export const directoryUnavailable451: Reply = reply(451, '3.0', 'Directory not available, try again later');
export const dnsUnavailable451: Reply = reply(451, '4.3', 'Name server not available, try again later');
