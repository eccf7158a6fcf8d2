/**
 * The few header fields that rows, traces and reports need, read while the header passes: as written, unfolded,
 * encoded words and all, bounded in length so that an envelope stays small.
 */
import { isPlain } from '../address/address.ts';
import { hopCount } from './arrival-edits.ts';
import type { HeaderFacts } from './envelope.ts';
import { bodyOf, fieldsNamed, valueOf, type HeaderBlock } from './header.ts';

/** A line's hard limit (RFC 5322 section 2.1.1). */
const longest = 998;
/** A copy has been expanded no more often than mail hops. */
const mostDeliveredTo = 100;

export function headerFacts(header: HeaderBlock): HeaderFacts {
  const messageId = text(header, 'Message-ID');
  const from = text(header, 'From');
  const subject = text(header, 'Subject');
  const date = text(header, 'Date');
  const deliveredTo = fieldsNamed(header, 'Delivered-To')
    .slice(0, mostDeliveredTo)
    .map((field) => bodyOf(header, field).slice(0, longest));
  const hops = hopCount(header);
  const priority = priorityOf(header);
  return {
    ...(messageId !== undefined && { messageId }),
    ...(from !== undefined && { from }),
    ...(subject !== undefined && { subject }),
    ...(date !== undefined && { date }),
    ...(deliveredTo.length > 0 && { deliveredTo }),
    ...(hops > 0 && { hops }),
    ...(priority && { priority }),
  };
}

function text(header: HeaderBlock, name: string): string | undefined {
  const value = valueOf(header, name);
  const clean = value === undefined || isPlain(value) ? value : value.replaceAll(/\p{Cc}/gu, ' ');
  return clean?.slice(0, longest);
}

/** RFC 2156 section 5.3.4 and 5.3.9 (Importance, Priority); X-Priority counts from 1, the highest, to 5. */
function priorityOf(header: HeaderBlock): HeaderFacts['priority'] {
  const said = [valueOf(header, 'Importance'), valueOf(header, 'Priority')].map((value) =>
    value?.toLowerCase(),
  );
  if (said.includes('high') || said.includes('urgent')) return 'high';
  if (said.includes('low') || said.includes('non-urgent')) return 'low';
  const level = /^[1-5]/.exec(valueOf(header, 'X-Priority') ?? '')?.[0];
  if (level === '1' || level === '2') return 'high';
  return level === '4' || level === '5' ? 'low' : undefined;
}
