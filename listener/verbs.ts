/** The commands the listener knows, by name; each takes the session and what follows the verb. */
import { notImplemented502, ok250, syntaxError501 } from '../mail/reply/session-replies.ts';
import { reply } from '../mail/reply/reply.ts';
import { say, type Answer } from './answer.ts';
import { authenticate } from './authenticate.ts';
import { data } from './data.ts';
import type { Dialogue } from './dialogue.ts';
import { ehlo, helo } from './hello.ts';
import { mailFrom, rcptTo } from './envelope-verbs.ts';
import { startTls } from './start-tls.ts';
import { expand, verify } from './verify.ts';
import { xclient } from './xclient-verb.ts';

export type Verb = (dialogue: Dialogue, argument: string) => Promise<Answer> | Answer;

export const verbs: ReadonlyMap<string, Verb> = new Map<string, Verb>(
  Object.entries({
    EHLO: ehlo,
    HELO: helo,
    STARTTLS: startTls,
    AUTH: authenticate,
    XCLIENT: xclient,
    MAIL: mailFrom,
    RCPT: rcptTo,
    DATA: data,
    RSET: reset,
    NOOP: () => say(ok250),
    VRFY: verify,
    EXPN: expand,
    HELP: help,
    QUIT: (dialogue) => dialogue.quit(),
  } satisfies Record<string, Verb>),
);

function reset(dialogue: Dialogue, argument: string): Answer {
  if (argument !== '') return say(syntaxError501('RSET takes no argument'));
  dialogue.transaction = undefined;
  return say(ok250);
}

function help(dialogue: Dialogue): Answer {
  const commands = dialogue.house.latest?.configuration.inboundCommands;
  if (commands?.help !== true) return say(notImplemented502);
  const hidden = new Set(['XCLIENT']);
  if (!commands.vrfy) hidden.add('VRFY');
  if (!commands.expn) hidden.add('EXPN');
  const told = [...verbs.keys()].filter((verb) => !hidden.has(verb));
  return say(reply(214, '0.0', `Commands: ${told.join(' ')}`));
}
