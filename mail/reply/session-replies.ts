/**
 * Replies to a session: greeting, HELO, STARTTLS, AUTH, order and syntax. In dialogue order; the name contains the
 * number. Enhanced codes are those of RFC 3463 and its registry; greeting, HELO and EHLO carry none.
 * Phrases are Domino's where it has one.
 */
import { reply, type Reply } from './reply.ts';

export function greeting220(host: string, text: string): Reply {
  return reply(220, undefined, `${host} ${text || 'ESMTP Postern ready'}`);
}

/** In place of the greeting: deny lists, black lists. `site`: the DNS list that names the peer. */
export function connectionRejected554(peer: string, site?: string): Reply {
  const where = site === undefined ? '' : ` Host found in DNS blacklist at ${site}`;
  return reply(554, undefined, `Connection from ${peer} rejected for policy reasons.${where}`);
}

/** The administrator's own words; the peer's address stands for `%s`. */
export function customRejection554(response: string, peer: string): Reply {
  return reply(
    554,
    undefined,
    response.replaceAll('%s', () => peer),
  );
}

export const talkedFirst554: Reply = reply(554, undefined, 'Connection rejected: wait for the greeting.');
/** No settings yet, stopping, or memory and disk at their bound; in reply to EHLO too. */
export function notGreeted421(host: string): Reply {
  return reply(421, undefined, closing(host));
}

export function hello250(host: string, name: string, peer: string): Reply {
  return reply(250, undefined, `${host} Hello ${name} ([${peer}]), pleased to meet you`);
}

export const startTls220: Reply = reply(220, '0.0', 'Ready to start TLS');
export const tlsRequired530: Reply = reply(530, '7.0', 'Must issue a STARTTLS command first');

export const authenticated235: Reply = reply(235, '7.0', 'Authentication successful');
export const authenticationFailed535: Reply = reply(535, '7.8', 'Authentication failed');
export const authenticationRequired530: Reply = reply(530, '7.0', 'Authentication required');
export const authenticationLocked454: Reply = reply(454, '7.0', 'Authentication not possible now, try later');
export const authenticationNeedsTls538: Reply = reply(538, '7.11', 'Encryption required for authentication');
export const mechanismUnknown504: Reply = reply(504, '5.4', 'Unrecognized authentication type');

export const ok250: Reply = reply(250, '0.0', 'OK');
export const cannotVerify252: Reply = reply(252, '5.0', 'Cannot VRFY user, but will accept message');
export const badSequence503: Reply = reply(503, '5.1', 'Bad sequence of commands');
export const unknownCommand500: Reply = reply(500, '5.1', 'Command unrecognized');
export const notImplemented502: Reply = reply(502, '5.1', 'Command not implemented');
export const lineTooLong500: Reply = reply(500, '5.2', 'Line too long');
export const parameterUnknown555: Reply = reply(555, '5.4', 'Parameter not recognized or not implemented');

export function syntaxError501(problem: string): Reply {
  return reply(501, '5.4', `Syntax error: ${problem}`);
}

export function quit221(host: string): Reply {
  return reply(221, '0.0', `${host} SMTP Service closing transmission channel`);
}

/** In a session: the listener stops. */
export function stopping421(host: string): Reply {
  return reply(421, '3.2', closing(host));
}

function closing(host: string): string {
  return `${host} SMTP service not available, closing transmission channel`;
}

export const tooManySessions421: Reply = reply(
  421,
  '7.0',
  'Too many sessions from your host, try again later',
);
export const tooManyErrors421: Reply = reply(421, '7.0', 'Too many errors, closing transmission channel');
export const timedOut421: Reply = reply(421, '4.2', 'Timeout, closing transmission channel');
