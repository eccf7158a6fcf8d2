/**
 * Conversion of the From, Sender and Reply-To fields: a `replace` edit for each field that changes, and nothing else.
 *
 * Addresses are replaced where they stand, so that comments, groups and folding around them stay; display names become
 * valid RFC 5322 where they were not. A field that cannot be read as a list of addresses is left alone: who guesses
 * there would rename somebody.
 */
import { isUtf8 } from 'node:buffer';
import { parseMailboxList, type Mailbox } from '../../address/mailbox-list.ts';
import type { HeaderEdit } from '../../envelope/header-edits.ts';
import { fieldsNamed, type HeaderBlock, type HeaderField } from '../../envelope/header.ts';
import { convertSender, isSame, type ConversionContext, type ConvertedSender } from './convert-sender.ts';
import { encodeForeign, phraseText, quotePhrase, validPhrase, type FieldText } from './phrase.ts';

export const convertedFields = ['From', 'Sender', 'Reply-To'] as const;

/** A list as long as this is no list of senders; each address costs look-ups. */
const mostMailboxes = 100;
/** RFC 5322 section 2.1.1. */
const longestLine = 998;

export interface ConvertedHeader {
  readonly edits: readonly HeaderEdit[];
  /** The domain of the author, after conversion; absent: there is not exactly one From field with an address. */
  readonly fromDomain?: string;
}

export async function convertHeader(
  header: HeaderBlock,
  context: ConversionContext,
): Promise<ConvertedHeader> {
  const fields = convertedFields.flatMap((name) => fieldsNamed(header, name));
  const converted = await Promise.all(fields.map((field) => convertField(header, field, context)));
  const authors = converted.filter((_, index) => fields[index]!.name.toLowerCase() === 'from');
  const fromDomain = authors.length === 1 ? authors[0]?.domain : undefined;
  const edits = converted.flatMap(({ edit }) => (edit === undefined ? [] : [edit]));
  return { edits, ...(fromDomain === undefined ? {} : { fromDomain }) };
}

interface ConvertedField {
  readonly edit?: HeaderEdit;
  /** Of the first address. */
  readonly domain?: string;
}

async function convertField(
  header: HeaderBlock,
  field: HeaderField,
  context: ConversionContext,
): Promise<ConvertedField> {
  const source = readField(header, field, context.smtpUtf8);
  const list = parseMailboxList(source.text);
  if (!list.ok || list.value.length === 0 || list.value.length > mostMailboxes) return {};
  const mailboxes = joinNames(list.value, source.text);
  const senders = await Promise.all(mailboxes.map((mailbox) => convertSender(mailbox, context)));
  const domain = senders[0]?.address.domain ?? mailboxes[0]?.address?.domain;
  const author = domain === undefined ? {} : { domain };
  if (!mailboxes.some((mailbox, index) => changes(mailbox, senders[index]))) return author;
  const body = fold(rewrite(source, mailboxes, senders));
  const { name, n, start, end } = field;
  return { ...author, edit: { op: 'replace', name, n, field: `${name}:${body}`, length: end - start } };
}

function readField(
  { bytes }: HeaderBlock,
  { bodyStart, end }: HeaderField,
  international: boolean,
): FieldText {
  const raw = bytes.subarray(bodyStart, end);
  const known = isUtf8(raw);
  const text = raw.toString(known ? 'utf8' : 'latin1').replace(/\r?\n$/, '');
  return { text, charset: known ? 'utf-8' : 'unknown-8bit', international: international && known };
}

/** `Doe, Jane <jane@acme.example>`: a name with a comma that nobody quoted is one mailbox, not two. */
function joinNames(mailboxes: readonly Mailbox[], text: string): Mailbox[] {
  const joined: Mailbox[] = [];
  let names: Mailbox | undefined;
  for (const mailbox of mailboxes) {
    const bare = mailbox.address === undefined && mailbox.start === mailbox.addressStart;
    if (bare && !/[@/]/.test(mailbox.text)) {
      if (names !== undefined) joined.push(names);
      names = mailbox;
      continue;
    }
    const own =
      mailbox.phrase !== '' && names !== undefined && /^[\s,]*$/.test(text.slice(names.end, mailbox.start));
    if (own) joined.push({ ...mailbox, start: names!.start, phrase: bothNames(names!, mailbox) });
    else joined.push(...(names === undefined ? [] : [names]), mailbox);
    names = undefined;
  }
  return names === undefined ? joined : [...joined, names];
}

function bothNames(first: Mailbox, { phrase }: Mailbox): string {
  const words = `${phraseText(first.text)}, ${phraseText(phrase)}`;
  return `"${words.replaceAll(/[\\"]/g, '\\$&')}"`;
}

function changes(mailbox: Mailbox, sender: ConvertedSender | undefined): boolean {
  if (sender === undefined) return false;
  if (!isSame(mailbox, sender.address)) return true;
  if (sender.phrase === undefined) return false;
  return sender.phrase === null ? mailbox.phrase !== '' : phraseText(mailbox.phrase) !== sender.phrase;
}

function rewrite(
  source: FieldText,
  mailboxes: readonly Mailbox[],
  senders: readonly (ConvertedSender | undefined)[],
): string {
  let body = '';
  let at = 0;
  for (const [index, mailbox] of mailboxes.entries()) {
    body +=
      encodeForeign(source.text.slice(at, mailbox.start), source) + render(source, mailbox, senders[index]);
    at = mailbox.end;
  }
  return body + encodeForeign(source.text.slice(at), source);
}

function render(source: FieldText, mailbox: Mailbox, sender: ConvertedSender | undefined): string {
  const same = sender === undefined || isSame(mailbox, sender.address);
  const address = same ? mailbox.text : sender.address.text;
  const phrase = phraseOf(source, mailbox, sender);
  if (phrase !== '') return `${phrase}${gapOf(source, mailbox, sender)}<${address}>`;
  return mailbox.start === mailbox.addressStart ? address : `<${address}>`;
}

/** Between a name that stays and its address: a comment may stand there, or a fold. */
function gapOf(
  source: FieldText,
  { phrase, start, addressStart }: Mailbox,
  sender: ConvertedSender | undefined,
): string {
  const stays = sender?.phrase === undefined && phrase !== '' && source.text.startsWith(phrase, start);
  if (!stays) return ' ';
  return encodeForeign(source.text.slice(start + phrase.length, addressStart - '<'.length), source) || ' ';
}

function phraseOf(source: FieldText, { phrase }: Mailbox, sender: ConvertedSender | undefined): string {
  // A name of ours is UTF-8, whatever the bytes around it are.
  const ours = { ...source, charset: 'utf-8' as const };
  if (sender?.phrase === null) return '';
  if (sender?.phrase !== undefined) return quotePhrase(sender.phrase, ours);
  if (phrase !== '') return validPhrase(phrase, source);
  return sender?.otherwise === undefined ? '' : quotePhrase(sender.otherwise, ours);
}

/** Only where a line has become too long: elsewhere the sender's folding stays. */
function fold(body: string): string {
  if (body.split('\r\n').every((line) => Buffer.byteLength(line) + 'Reply-To:'.length <= longestLine))
    return body;
  return body.replaceAll(/,[ \t]+/g, ',\r\n ');
}
