/**
 * The closed vocabulary of mail events that the functions tell: one log line per message and stage, and the metrics
 * that go with it. No bodies, no subjects, no secrets.
 */
import { eventLog, type FaultLog } from './event-log.ts';
import type { MailMetric } from './metric-names.ts';

export interface MailLog extends FaultLog {
  routed(fields: { message: string; deliveries: number }): void;
  delivered(fields: {
    message: string;
    part: string;
    mailFile: string;
    recipients: number;
    milliseconds: number;
  }): void;
  relayed(fields: {
    message: string;
    part: string;
    nextHop: string;
    recipients: number;
    milliseconds: number;
  }): void;
  deferred(fields: { message: string; part: string; nextHop: string; reason: string; dueAt: string }): void;
  failed(fields: {
    message: string;
    part: string;
    nextHop: string;
    reason: string;
    recipients: number;
  }): void;
  held(fields: { message: string; part: string; reason: string }): void;
  dead(fields: { message: string; part: string; reason: string }): void;
  reported(fields: { message: string; report: string; kind: string; recipients: number }): void;
  /** TLS towards a host whose domain has a policy about it: what a TLS report (RFC 8460) is made of. */
  tls(fields: {
    domain: string;
    policy: 'sts' | 'tlsa';
    host: string;
    result: string;
    reason?: string;
  }): void;
  published(fields: {
    form: string;
    name: string;
    outcome: 'published' | 'invalid' | 'deleted';
    problems?: number;
  }): void;
  /** How many waiting items a sweep woke. */
  gauge(name: 'Woken', value: number): void;
}

export function mailLog(component: string): MailLog {
  const { tell, count, milliseconds, gauge, fault, flush } = eventLog<MailMetric>({ component });
  return {
    routed(fields) {
      tell('Routed', fields);
      count('Routed');
    },
    delivered(fields) {
      tell('Delivered', fields);
      count('Delivered', fields.recipients);
      milliseconds('AcceptToSettle', fields.milliseconds);
    },
    relayed(fields) {
      tell('Relayed', fields);
      count('Relayed', fields.recipients);
      milliseconds('AcceptToSettle', fields.milliseconds);
    },
    deferred(fields) {
      tell('Deferred', fields);
      count('Deferred');
    },
    failed(fields) {
      tell('Failed', fields);
      count('Failed', fields.recipients);
    },
    held(fields) {
      tell('Held', fields);
      count('Held');
    },
    dead(fields) {
      tell('Dead', fields);
      count('Dead');
    },
    reported(fields) {
      tell('Reported', fields);
      count('Reported');
    },
    tls(fields) {
      tell('Tls', fields);
      count(fields.result === 'success' ? 'TlsSuccess' : 'TlsFailure');
    },
    published(fields) {
      tell('Published', fields);
      count(countOf[fields.outcome]);
    },
    gauge,
    fault,
    flush,
  };
}

const countOf = {
  published: 'DocumentsPublished',
  invalid: 'DocumentsInvalid',
  deleted: 'DocumentsDeleted',
} as const;
