/**
 * The readable text and the attachment names of a message, for mail rules that ask for them: mailparser's streaming
 * parser, so that a large message is never whole in memory. Text beyond a bound is not looked at; a message that
 * cannot be parsed has the content that was found so far.
 */
import { MailParser } from 'mailparser';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { MessageContent } from '../mail/policy/rule-items.ts';
import type { StagedBody } from './staging.ts';

const mostText = 1024 * 1024;
const mostAttachments = 1000;

export async function contentOf({ body }: StagedBody): Promise<MessageContent> {
  const whole = body();
  const parser = new MailParser({ skipImageLinks: true, skipTextLinks: true, skipTextToHtml: true });
  const attachments: string[] = [];
  let text = '';
  parser.on('data', (part) => {
    if (part.type === 'text') {
      text = `${part.text ?? ''}\n${part.html || ''}`.slice(0, mostText);
      return;
    }
    if (attachments.length < mostAttachments) attachments.push(part.filename ?? '');
    part.content.on('end', () => part.release());
    part.content.resume();
  });
  const ended = once(parser, 'end');
  await Promise.all([
    pipeline(whole instanceof Uint8Array ? Readable.from([whole]) : whole, parser),
    ended,
  ]).catch(() => undefined);
  return { text, attachments };
}
