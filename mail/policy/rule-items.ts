/**
 * What a mail rule can ask of a message: each item as its values, encoded words decoded. Numbers are texts here.
 * `sender` is MAIL FROM and From, `recipient` every RCPT, `internet-domain` the sender's domains.
 */
import { domainToUnicode } from 'node:url';
import type { Address, ReversePath } from '../address/address.ts';
import { parseMailboxList } from '../address/mailbox-list.ts';
import type { RuleItem } from '../document/forms.ts';
import { decodeWords } from '../envelope/encoded-words.ts';
import { bodyOf, fieldsNamed, type HeaderBlock } from '../envelope/header.ts';
import { tagsOf, type ListHit } from './list-hit.ts';

export interface MessageContent {
  /** The readable text of the message, all parts, as far as it was kept. */
  readonly text: string;
  /** Names of attachments; an attachment without a name is an empty one. */
  readonly attachments: readonly string[];
}

export interface RuleFacts {
  readonly sender: ReversePath;
  readonly recipients: readonly Address[];
  readonly header: HeaderBlock;
  readonly size: number;
  readonly hits: readonly ListHit[];
  readonly content?: MessageContent | undefined;
}

const items: Record<Exclude<RuleItem, `header:${string}`>, (facts: RuleFacts) => readonly string[]> = {
  sender: ({ sender, header }) => [...senderTexts(sender), ...peopleIn(header, 'From')],
  subject: ({ header }) => orEmpty(texts(header, 'Subject')),
  body: ({ content }) => [content?.text ?? ''],
  importance: ({ header }) => [levelOf(header, ['Importance', 'X-Priority', 'Priority'])],
  priority: ({ header }) => [levelOf(header, ['Priority', 'X-Priority', 'Importance'])],
  to: ({ header }) => peopleIn(header, 'To'),
  cc: ({ header }) => peopleIn(header, 'Cc'),
  recipient: ({ recipients }) => recipients.flatMap(spellings),
  'recipient-count': ({ recipients }) => [String(recipients.length)],
  size: ({ size }) => [String(size)],
  'attachment-name': ({ content }) => content?.attachments ?? [],
  'attachment-count': ({ content }) => [String(content?.attachments.length ?? 0)],
  'internet-domain': ({ sender, header }) =>
    [...(sender === null ? [] : [sender]), ...addressesIn(header, 'From')].flatMap(({ domain }) =>
      spellingsOf(domain),
    ),
  'blacklist-tag': ({ hits }) => tagValues(hits, 'X-DNSBL-Site'),
  'whitelist-tag': ({ hits }) => tagValues(hits, 'X-DNSWL-Site'),
};

export function valuesOf(item: RuleItem, facts: RuleFacts): readonly string[] {
  if (isHeader(item)) return texts(facts.header, item.slice('header:'.length));
  return items[item](facts);
}

function isHeader(item: RuleItem): item is `header:${string}` {
  return item.startsWith('header:');
}

function texts(header: HeaderBlock, name: string): string[] {
  // A fold is one space, whatever white space it was made with.
  return fieldsNamed(header, name).map((field) => decodeWords(bodyOf(header, field)).replaceAll(/\s+/g, ' '));
}

/** The whole field as people see it, and each address in it, so that `is` can name one. */
function peopleIn(header: HeaderBlock, name: string): string[] {
  return [...texts(header, name), ...addressesIn(header, name).flatMap(spellings)];
}

function addressesIn(header: HeaderBlock, name: string): Address[] {
  return fieldsNamed(header, name).flatMap((field) => {
    const list = parseMailboxList(bodyOf(header, field));
    return list.ok ? list.value.flatMap(({ address }) => address ?? []) : [];
  });
}

function senderTexts(sender: ReversePath): string[] {
  return sender === null ? [''] : spellings(sender);
}

function spellings({ local, domain }: Address): string[] {
  return domain === '' ? [local] : spellingsOf(domain).map((one) => `${local}@${one}`);
}

/** International domains as people write them, too: a rule may have either spelling. */
function spellingsOf(domain: string): string[] {
  return domain.includes('xn--') ? [domain, domainToUnicode(domain)] : [domain];
}

/** RFC 2156 section 5.3.4 and 5.3.9; X-Priority counts from 1, the highest, to 5. */
function levelOf(header: HeaderBlock, names: readonly string[]): 'high' | 'normal' | 'low' {
  const said = names.map((name) => texts(header, name)[0]).find((text) => text !== undefined);
  if (/^\s*(?:high|urgent|[12]\b)/i.test(said ?? '')) return 'high';
  return /^\s*(?:low|non-urgent|[45]\b)/i.test(said ?? '') ? 'low' : 'normal';
}

function tagValues(hits: readonly ListHit[], header: string): string[] {
  return tagsOf(hits)
    .filter((tag) => tag.header === header)
    .map(({ value }) => value);
}

function orEmpty(values: string[]): string[] {
  return values.length === 0 ? [''] : values;
}
