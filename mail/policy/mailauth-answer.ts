/** Our resolver as mailauth asks: records, or an error whose code says that there are none, or why not. */
import { DnsUnavailable, type Resolver } from '../relay/doors.ts';

interface Question {
  readonly name: string;
  readonly type: string;
  readonly ip: string;
}

export async function mailauthAnswer(resolver: Resolver, question: Question): Promise<string[][] | string[]> {
  const { name, type } = question;
  try {
    const records = await ask(resolver, question);
    if (records.length > 0) return records as string[];
    if (!(await exists(resolver, question))) throw coded('ENOTFOUND', `${name} does not exist`);
  } catch (cause) {
    if (!(cause instanceof DnsUnavailable)) throw cause;
    throw coded('ETIMEOUT', cause.message, cause);
  }
  throw coded('ENODATA', `${name} has no ${type} record`);
}

/** An error as node:dns has them, whose code mailauth goes by. */
export function coded(code: string, text: string, cause?: unknown): Error {
  return Object.assign(new Error(text, { cause }), { code });
}

/** Only of host names does anybody want to know (DMARC's `np`, RFC 9989 section 4.10.1). */
async function exists(resolver: Resolver, { name, type }: Question): Promise<boolean> {
  return type === 'TXT' || type === 'PTR' || (await resolver.mx(name)).exists;
}

async function ask(resolver: Resolver, { name, type, ip }: Question): Promise<unknown[]> {
  switch (type) {
    case 'TXT':
      return resolver.txt(name);
    case 'MX':
      return (await resolver.mx(name)).records;
    case 'A':
      return resolver.addresses(name, 4);
    case 'AAAA':
      return resolver.addresses(name, 6);
    // Asked for the peer's own address only.
    case 'PTR':
      return resolver.ptr(ip);
    default:
      return [];
  }
}
