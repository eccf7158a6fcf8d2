/**
 * The readable text and the attachment names of a message, for mail rules that ask for them: mailparser's streaming
 * parser, so that a large message is never whole in memory. Text beyond a bound is not looked at. A message with more
 * parts or larger part headers than the parser takes has no content that could be judged: undefined. One that cannot
 * be parsed otherwise has what was found so far; one that takes for ever throws, and is put off.
 */
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { MessageContent } from '../mail/policy/rule-items.ts';
import { htmlText } from '../mail/policy/html-text.ts';
import type { StagedBody } from './staging.ts';

const mostText = 1024 * 1024;
const mostAttachments = 1000;
const longest = 60_000;

/** Making text of HTML is ours: theirs takes time with the square of the depth. */
const options = { skipImageLinks: true, skipTextLinks: true, skipTextToHtml: true, skipHtmlToText: true };

export async function contentOf({ body }: Pick<StagedBody, 'body'>): Promise<MessageContent | undefined> {
  const whole = body();
  // A quarter of the listener's code, wanted only where a rule asks for content: not read at the start.
  const { MailParser } = await import('mailparser');
  const parser = new MailParser(options);
  const attachments: string[] = [];
  let text = '';
  parser.on('data', (part) => {
    if (part.type === 'text') {
      const html = (part.html || '').slice(0, mostText);
      text = `${part.text ?? ''}\n${htmlText(html)}\n${html}`.slice(0, mostText);
      return;
    }
    if (attachments.length < mostAttachments) attachments.push(part.filename ?? '');
    part.content.on('end', () => part.release());
    part.content.resume();
  });
  const signal = AbortSignal.timeout(longest);
  const ended = once(parser, 'end', { signal });
  try {
    await Promise.all([pipeline(asStream(whole), parser, { signal }), ended]);
  } catch (cause) {
    if (signal.aborted) throw cause;
    if ((cause as NodeJS.ErrnoException).code === 'EMAXLEN') return undefined;
  }
  return { text, attachments };
}

function asStream(whole: Uint8Array | Readable): Readable {
  return whole instanceof Uint8Array ? Readable.from([whole]) : whole;
}
