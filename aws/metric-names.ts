/**
 * The metrics' closed vocabulary. Each name is a time series for each component that counts it, and CloudWatch bills
 * every series: a component has 20 at most (test/aws/metric-names.test.ts). The only dimension is the component.
 */

/** Why something was refused, in few words: the `reason` of the log line; the line's `because` has the details. */
export const refusalReasons = [
  'connection',
  'blacklist',
  'sessions',
  'auth',
  'sender',
  'recipient',
  'unknown-user',
  'relay',
  'size',
  'hops',
  'protocol',
  'storage',
  'spf',
  'dmarc',
  'rules',
  'unreadable',
] as const;

export type RefusalReason = (typeof refusalReasons)[number];

/** Too rare for a series of their own; they are counted together, and the log line tells them apart. */
const rareReasons = ['size', 'hops', 'storage'] as const satisfies readonly RefusalReason[];
type RareReason = (typeof rareReasons)[number];
type RefusalMetric = `Refused.${Exclude<RefusalReason, RareReason> | 'other'}`;

const isRare = (reason: RefusalReason): reason is RareReason =>
  (rareReasons as readonly RefusalReason[]).includes(reason);

export function refusalMetric(reason: RefusalReason): RefusalMetric {
  return isRare(reason) ? 'Refused.other' : `Refused.${reason}`;
}

/** What the listener counts. */
export const sessionMetrics = [
  'Connected',
  'Listed',
  'Accepted',
  'Refused',
  ...new Set(refusalReasons.map(refusalMetric)),
  'CertificateTrouble',
  'Fault',
] as const;

export type SessionMetric = (typeof sessionMetrics)[number];

/** What the functions count; none of them counts all of it. */
export const mailMetrics = [
  'Routed',
  'Delivered',
  'Relayed',
  'AcceptToSettle',
  'Deferred',
  'Failed',
  'Held',
  'Dead',
  'Reported',
  'Woken',
  'TlsSuccess',
  'TlsFailure',
  'DocumentsPublished',
  'DocumentsInvalid',
  'DocumentsDeleted',
  'Fault',
] as const;

export type MailMetric = (typeof mailMetrics)[number];
