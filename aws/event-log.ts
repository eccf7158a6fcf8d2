/**
 * A component's log: one JSON line per mail event, so every value is one line, and metrics as lines of CloudWatch's
 * embedded format (EMF), gathered until they are flushed. mail-log.ts and session-log.ts say what may be told.
 */
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';

export type Fields = Readonly<Record<string, unknown>>;

/** What every component can say. */
export interface FaultLog {
  /** Something of ours went wrong; the message is kept and tried again. */
  readonly fault: (what: string, cause: unknown, fields?: Fields) => void;
  /** Writes the metrics gathered so far; at the end of an invocation, every few seconds in the listener. */
  readonly flush: () => void;
}

export interface EventLog<Metric extends string> extends FaultLog {
  /** One line. */
  readonly tell: (event: string, fields: Fields) => void;
  /** One more by that name, or as many as are said. */
  readonly count: (name: Metric, by?: number) => void;
  readonly milliseconds: (name: Metric, value: number) => void;
  /** A figure of its own, no counter: depth, age, size. */
  readonly gauge: (name: Metric, value: number) => void;
}

export interface EventLogOptions {
  /** The function deployed twice has its deployment's name in the environment. */
  readonly component: string;
  /** Lines of one turn of the event loop in one write. */
  readonly gathered?: boolean;
}

export function eventLog<Metric extends string>({
  component,
  gathered,
}: EventLogOptions): EventLog<Metric | 'Fault'> {
  const serviceName = process.env['POWERTOOLS_SERVICE_NAME'] ?? component;
  const logger = new Logger({ serviceName });
  const namespace = process.env['POWERTOOLS_METRICS_NAMESPACE'] ?? 'Postern';
  const metrics = new Metrics({ namespace, serviceName });
  const counted = new Map<string, number>();
  const lines = gathered ? gatheredLines() : undefined;
  return {
    tell(event, fields) {
      if (lines === undefined) logger.info(event, lineOf(fields));
      else lines.add(quickLine(serviceName, event, fields));
    },
    count: (name, by = 1) => void counted.set(name, (counted.get(name) ?? 0) + by),
    milliseconds: (name, value) => void metrics.addMetric(name, MetricUnit.Milliseconds, value),
    gauge: (name, value) => void metrics.addMetric(name, MetricUnit.NoUnit, value),
    fault(what, cause, fields) {
      const told = cause instanceof Error ? cause : String(cause);
      logger.error(what, { ...lineOf(fields ?? {}), cause: told });
      metrics.addMetric('Fault', MetricUnit.Count, 1);
    },
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
  let waiting = '';
  const write = (): void => {
    if (waiting !== '') process.stdout.write(waiting);
    waiting = '';
  };
  return {
    add(line) {
      if (waiting === '') setImmediate(write);
      waiting += line;
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
