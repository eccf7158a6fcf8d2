/**
 * The closed vocabulary of mail events: one log line per message and stage, and the metrics that go with it. No
 * bodies, no subjects, no secrets; every value is one line, since the line is JSON. Metrics are EMF lines with
 * dimensions of few values: the component, and a reason from a short list.
 */
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Because } from '../mail/policy/verdict.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface MailLog {
  connected(fields: { session: string; peer: string; port: string }): void;
  refused(fields: {
    session: string;
    peer: string;
    stage: string;
    reason: string;
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
  /** Something of ours went wrong; the message is kept and tried again. */
  fault(what: string, cause: unknown, fields?: Fields): void;
  /** A figure of its own, no counter: depth, age, size. */
  gauge(name: string, value: number): void;
  /** Writes the metrics gathered so far; at the end of an invocation, every few seconds in the listener. */
  flush(): void;
}

export function mailLog(component: string): MailLog {
  const logger = new Logger({ serviceName: component });
  const namespace = process.env['POWERTOOLS_METRICS_NAMESPACE'] ?? 'Postern';
  const metrics = new Metrics({ namespace, serviceName: component });
  const counted = new Map<string, number>();
  const lines = component === 'listener' ? gatheredLines() : undefined;
  const tell = (event: string, fields: Fields, counts: Readonly<Record<string, number>>): void => {
    if (lines === undefined) logger.info(event, lineOf(fields));
    else lines.add(quickLine(component, event, fields));
    for (const name in counts) counted.set(name, (counted.get(name) ?? 0) + counts[name]!);
  };
  return {
    connected: (fields) => tell('Connected', fields, { Connected: 1 }),
    refused: (fields) => tell('Refused', fields, { Refused: 1, [`Refused.${fields.reason}`]: 1 }),
    listed: (fields) => tell('Listed', fields, { Listed: 1 }),
    accepted: (fields) => tell('Accepted', fields, { Accepted: 1 }),
    routed: (fields) => tell('Routed', fields, { Routed: 1 }),
    delivered(fields) {
      tell('Delivered', fields, { Delivered: fields.recipients });
      metrics.addMetric('AcceptToSettle', MetricUnit.Milliseconds, fields.milliseconds);
    },
    relayed(fields) {
      tell('Relayed', fields, { Relayed: fields.recipients });
      metrics.addMetric('AcceptToSettle', MetricUnit.Milliseconds, fields.milliseconds);
    },
    deferred: (fields) => tell('Deferred', fields, { Deferred: 1 }),
    failed: (fields) => tell('Failed', fields, { Failed: fields.recipients }),
    held: (fields) => tell('Held', fields, { Held: 1 }),
    dead: (fields) => tell('Dead', fields, { Dead: 1 }),
    reported: (fields) => tell('Reported', fields, { Reported: 1 }),
    tls: (fields) => tell('Tls', fields, { [fields.result === 'success' ? 'TlsSuccess' : 'TlsFailure']: 1 }),
    published: (fields) => tell('Published', fields, { [countOf(fields.outcome)]: 1 }),
    fault(what, cause, fields) {
      logger.error(what, {
        ...lineOf(fields ?? {}),
        cause: cause instanceof Error ? cause : String(cause),
      });
      metrics.addMetric('Fault', MetricUnit.Count, 1);
    },
    gauge: (name, value) => void metrics.addMetric(name, MetricUnit.NoUnit, value),
    flush() {
      lines?.write();
      for (const [name, count] of counted) metrics.addMetric(name, MetricUnit.Count, count);
      counted.clear();
      if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
    },
  };
}

/** Lines of one turn of the event loop leave in one write: each would be a system call of its own. */
function gatheredLines(): { add(line: string): void; write(): void } {
  let gathered = '';
  const write = (): void => {
    if (gathered !== '') process.stdout.write(gathered);
    gathered = '';
  };
  return {
    add(line) {
      if (gathered === '') setImmediate(write);
      gathered += line;
    },
    write,
  };
}

/** The logger's own line, which costs the listener as much as an eighth of all its work (docs/measured.md). */
function quickLine(service: string, message: string, fields: Fields): string {
  const timestamp = new Date().toISOString();
  return `${JSON.stringify({ level: 'INFO', message, timestamp, service, ...lineOf(fields) })}\n`;
}

/** The logger keeps `message` for the event's name and drops a field so called: the id is `messageId`, as in the command. */
function lineOf({ message, ...rest }: Fields): Record<string, unknown> {
  return message === undefined ? rest : { messageId: message, ...rest };
}

function countOf(outcome: 'published' | 'invalid' | 'deleted'): string {
  return { published: 'DocumentsPublished', invalid: 'DocumentsInvalid', deleted: 'DocumentsDeleted' }[
    outcome
  ];
}
