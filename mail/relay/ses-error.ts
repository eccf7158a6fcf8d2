/**
 * What an error of Amazon SES means for the message: what another try cannot mend has failed, all else waits. SES says
 * several things by one name, so that the sentence counts, too.
 */
export interface SesRefusal {
  readonly outcome: 'failed' | 'waiting';
  /** SES's reason. */
  readonly text: string;
  /** Refused, since it does not know a sender (or, in its sandbox, a recipient) as ours: the identities it names. */
  readonly unverified?: readonly string[];
  /** More in a second than the account may send: the next second may do. */
  readonly tooFast?: true;
  /** Something in the call is not taken, which may be one of its recipients. */
  readonly malformed?: true;
}

/** Errors of the SES API that another try cannot mend. */
const final = new Set(['MessageRejected', 'MailFromDomainNotVerifiedException', 'InvalidParameterValue']);
const throttling = new Set(['Throttling', 'ThrottlingException', 'TooManyRequestsException']);

export function readSesError({ name, message }: Pick<Error, 'name' | 'message'>): SesRefusal {
  const text = `${name}: ${message}`.replaceAll(/[\s\p{Cc}]+/gu, ' ');
  // A quota of the day is no matter of seconds.
  if (throttling.has(name) && !/daily|quota/i.test(message))
    return { outcome: 'waiting', text, tooFast: true };
  // An account that is paused or under review: somebody must act, and the mail is as good as it was.
  if (!final.has(name) || /suspended|paused|sending is disabled/i.test(message))
    return { outcome: 'waiting', text };
  if (/not ?verified/i.test(text)) return { outcome: 'failed', text, unverified: identitiesIn(message) };
  return name === 'InvalidParameterValue'
    ? { outcome: 'failed', text, malformed: true }
    : { outcome: 'failed', text };
}

/** `… The following identities failed the check in region EU-WEST-1: a@b.example, Bob <b@b.example>`. */
function identitiesIn(message: string): string[] {
  const list = /in region [\w-]+: (.*)$/is.exec(message)?.[1] ?? '';
  return list.split(',').flatMap((one) => /<(.*)>/.exec(one)?.[1] ?? (one.trim() || []));
}
