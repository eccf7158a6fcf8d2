/** What one message may ask of DNS: so many questions, in so much time; after that DNS counts as unavailable. */
import { coded, mailauthAnswer } from '../mail/policy/mailauth-answer.ts';
import type { Resolver } from '../mail/relay/doors.ts';

/** SPF alone may ask about 120 (RFC 7208 section 4.6.4). */
const mostQuestions = 200;
const longest = 20_000;

type MailauthDns = (name: string, type: string) => Promise<string[][] | string[]>;

export function dnsForMailauth(resolver: Resolver, ip: string): MailauthDns {
  const until = performance.now() + longest;
  let questions = 0;
  return async (name, type) => {
    questions += 1;
    if (questions > mostQuestions || performance.now() > until)
      throw coded('ETIMEOUT', `${name} is not asked for: the message has had its share of DNS`);
    return mailauthAnswer(resolver, { name, type, ip });
  };
}
