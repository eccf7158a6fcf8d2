/**
 * EHLO and HELO: who the peer says it is, and what it may use here (RFC 5321 section 4.1.1.1). The switches are
 * those of the Configuration; AUTH is named only under TLS and where the port's document allows it.
 */
import { hostWord } from '../mail/envelope/field-text.ts';
import type { Settings } from '../mail/directory/settings.ts';
import { hello250, notGreeted421, syntaxError501 } from '../mail/reply/session-replies.ts';
import { reply } from '../mail/reply/reply.ts';
import { say, type Answer } from './answer.ts';
import type { Dialogue } from './dialogue.ts';
import { isTrustedProxy } from './admission.ts';
import { xclientAttributes } from './xclient.ts';

/** RFC 5321 section 4.5.3.1.2. */
const longestName = 255;

export async function ehlo(dialogue: Dialogue, argument: string): Promise<Answer> {
  const settings = await dialogue.house.knownSettings();
  if (settings === undefined) return { reply: notGreeted421(dialogue.house.hostName), then: 'close' };
  const greeted = greet(dialogue, argument, true);
  if (greeted.reply.code !== 250) return greeted;
  return say(reply(250, undefined, [greeted.reply.text, ...extensions(dialogue, settings)].join('\n')));
}

export function helo(dialogue: Dialogue, argument: string): Answer {
  return greet(dialogue, argument, false);
}

/** Either also ends a transaction (RFC 5321 section 4.1.4). No enhanced code in these replies (RFC 2034 section 4). */
function greet(dialogue: Dialogue, name: string, esmtp: boolean): Answer {
  if (name === '' || name.length > longestName || /\s/.test(name)) {
    const { code, text } = syntaxError501(`${esmtp ? 'EHLO' : 'HELO'} takes your host name`);
    return say(reply(code, undefined, text));
  }
  dialogue.transaction = undefined;
  dialogue.hello = { name, esmtp };
  return say(hello250(dialogue.house.hostName, hostWord(name), dialogue.party.address));
}

function extensions(dialogue: Dialogue, settings: Settings): string[] {
  const { inboundCommands, routing } = settings.configuration;
  const offers: [boolean, string][] = [
    [inboundCommands.size, `SIZE ${routing.maximumMessageSize * 1024}`],
    [inboundCommands.pipelining, 'PIPELINING'],
    [inboundCommands.eightBitMime, '8BITMIME'],
    [inboundCommands.smtpUtf8, 'SMTPUTF8'],
    [inboundCommands.dsn, 'DSN'],
    [true, 'ENHANCEDSTATUSCODES'],
    [offersTls(dialogue, settings), 'STARTTLS'],
    [offersLogin(dialogue, settings), 'AUTH PLAIN LOGIN'],
    [dialogue.tls !== undefined, 'REQUIRETLS'],
    [inboundCommands.vrfy, 'VRFY'],
    [inboundCommands.expn, 'EXPN'],
    [inboundCommands.help, 'HELP'],
    [isTrustedProxy(dialogue, settings), `XCLIENT ${xclientAttributes.join(' ')}`],
  ];
  return offers.filter(([offered]) => offered).map(([, words]) => words);
}

export function offersTls(dialogue: Dialogue, settings: Settings): boolean {
  return dialogue.tls === undefined && settings.configuration.inboundCommands.startTls !== 'disabled';
}

function offersLogin(dialogue: Dialogue, settings: Settings): boolean {
  const allowed = settings.server.ports[dialogue.port].nameAndPassword;
  return allowed && dialogue.tls !== undefined && dialogue.auth === undefined;
}
