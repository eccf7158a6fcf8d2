/**
 * The closed vocabulary of what the listener tells: connected, refused, listed, accepted. No bodies, no subjects, no
 * secrets.
 */
import type { Because } from '../mail/policy/verdict.ts';
import { eventLog, type FaultLog } from './event-log.ts';
import { refusalMetric, type RefusalReason, type SessionMetric } from './metric-names.ts';

export interface SessionLog extends FaultLog {
  connected(fields: { session: string; peer: string; port: string }): void;
  refused(fields: {
    session: string;
    peer: string;
    stage: string;
    reason: RefusalReason;
    reply: string;
    because?: Because;
  }): void;
  /** A black or white list names the peer, whatever follows from it. */
  listed(fields: { session: string; peer: string; list: string; action: string; entry: string }): void;
  accepted(fields: {
    message: string;
    session: string;
    from: string;
    recipients: number;
    size: number;
  }): void;
  gauge(name: 'CertificateTrouble', value: number): void;
}

export function sessionLog(): SessionLog {
  const { tell, count, gauge, fault, flush } = eventLog<SessionMetric>({
    component: 'listener',
    gathered: true,
  });
  return {
    connected(fields) {
      tell('Connected', fields);
      count('Connected');
    },
    refused(fields) {
      tell('Refused', fields);
      count('Refused');
      count(refusalMetric(fields.reason));
    },
    listed(fields) {
      tell('Listed', fields);
      count('Listed');
    },
    accepted(fields) {
      tell('Accepted', fields);
      count('Accepted');
    },
    gauge,
    fault,
    flush,
  };
}
