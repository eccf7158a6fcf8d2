/**
 * AUTH PLAIN and LOGIN (RFC 4954, RFC 4616), under TLS and where the port's document allows it. A failed login ends
 * the session; what cannot be asked (directory, lock-out counters) is 454.
 */
import { reply, type Reply } from '../mail/reply/reply.ts';
import {
  authenticated235,
  authenticationFailed535,
  authenticationLocked454,
  authenticationNeedsTls538,
  badSequence503,
  mechanismUnknown504,
  notImplemented502,
  syntaxError501,
} from '../mail/reply/session-replies.ts';
import { say, type Answer } from './answer.ts';
import type { Dialogue } from './dialogue.ts';
import type { Settings } from '../mail/directory/settings.ts';

const cancelled501: Reply = reply(501, '7.0', 'Authentication cancelled');

export async function authenticate(dialogue: Dialogue, argument: string): Promise<Answer> {
  const settings = await dialogue.house.settings();
  const [mechanism = '', initial, ...more] = argument.split(/\s+/);
  if (!settings.server.ports[dialogue.port].nameAndPassword) return say(notImplemented502);
  if (dialogue.tls === undefined) return say(authenticationNeedsTls538);
  if (dialogue.hello === undefined || dialogue.auth !== undefined || dialogue.transaction !== undefined)
    return say(badSequence503);
  if (more.length > 0) return say(syntaxError501('AUTH takes a mechanism and one initial response'));
  switch (mechanism.toUpperCase()) {
    case 'PLAIN':
      return initial === undefined
        ? challenge(dialogue, '', (text) => plain(dialogue, settings, text))
        : plain(dialogue, settings, decode(initial));
    case 'LOGIN':
      return initial === undefined
        ? challenge(dialogue, 'Username:', (name) => loginName(dialogue, settings, name))
        : loginName(dialogue, settings, decode(initial));
    default:
      return say(mechanismUnknown504);
  }
}

type Continue = (text: string | undefined) => Promise<Answer> | Answer;

/** 334 and the next line, decoded; undefined: it was not base64. */
function challenge(dialogue: Dialogue, question: string, next: Continue): Answer {
  dialogue.continuation = async (line) => (line === '*' ? say(cancelled501) : next(decode(line)));
  return say(reply(334, undefined, Buffer.from(question).toString('base64')));
}

/** authorization identity, NUL, name, NUL, password; nobody may act as somebody else. */
async function plain(dialogue: Dialogue, settings: Settings, text: string | undefined): Promise<Answer> {
  const [identity = '', name = '', password, ...more] = text?.split('\0') ?? [];
  if (password === undefined || more.length > 0) return say(syntaxError501('not a PLAIN response in base64'));
  if (name === '' || (identity !== '' && identity !== name)) return refuse(dialogue);
  return logIn(dialogue, settings, { name, password });
}

function loginName(dialogue: Dialogue, settings: Settings, name: string | undefined): Answer {
  if (name === undefined) return say(syntaxError501('not base64'));
  return challenge(dialogue, 'Password:', (password) =>
    password === undefined
      ? say(syntaxError501('not base64'))
      : logIn(dialogue, settings, { name, password }),
  );
}

async function logIn(
  dialogue: Dialogue,
  { server }: Settings,
  credentials: { name: string; password: string },
): Promise<Answer> {
  const { logins, log } = dialogue.house.doors;
  try {
    const attempt = { ...credentials, peer: dialogue.party.address };
    const result = await logins.login(attempt, server.internetAuthentication);
    if (result.outcome === 'locked') return say(locked(dialogue));
    if (result.outcome === 'failed') return refuse(dialogue);
    dialogue.auth = result.person;
    return say(authenticated235);
  } catch (cause) {
    log.fault('A login could not be checked', cause, { session: dialogue.id });
    return say(authenticationLocked454);
  }
}

function locked(dialogue: Dialogue): Reply {
  dialogue.refusal('auth', authenticationLocked454, { reason: 'auth' });
  return authenticationLocked454;
}

/** domino-rules R3: who failed to log in cannot go on as a stranger. */
function refuse(dialogue: Dialogue): Answer {
  dialogue.refusal('auth', authenticationFailed535, { reason: 'auth' });
  return { reply: authenticationFailed535, then: 'close' };
}

function decode(text: string): string | undefined {
  if (text === '=') return '';
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return undefined;
  return Buffer.from(text, 'base64').toString('utf8');
}
