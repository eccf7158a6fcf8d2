/**
 * A component has at most 20 time series, of one dimension: everything that can be told is told, with every word of
 * every closed list, and what then stands in the log lines is the vocabulary. The compiler asks for a line here for
 * each new event, and keeps names that are not in the vocabulary from being counted.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { FaultLog } from '../../aws/event-log.ts';
import { mailLog, type MailLog } from '../../aws/mail-log.ts';
import { mailMetrics, refusalMetric, refusalReasons, sessionMetrics } from '../../aws/metric-names.ts';
import { sessionLog, type SessionLog } from '../../aws/session-log.ts';
import { toldLines, type ToldLine } from '../builders/told-lines.ts';

type Samples<Log> = { readonly [event in Exclude<keyof Log, 'flush'>]: (log: Log) => void };

const refusal = { session: 's', peer: '192.0.2.1', stage: 'rcpt', reply: '550' };
const sessionEvents: Samples<SessionLog> = {
  connected: (log) => log.connected({ session: 's', peer: '192.0.2.1', port: 'smtp' }),
  refused: (log) => refusalReasons.forEach((reason) => log.refused({ ...refusal, reason })),
  listed: (log) =>
    log.listed({ session: 's', peer: '192.0.2.1', list: 'l', action: 'log', entry: 'list.example' }),
  accepted: (log) =>
    log.accepted({ message: 'm', session: 's', from: '<a@b.example>', recipients: 1, size: 1 }),
  gauge: (log) => log.gauge('CertificateTrouble', 1),
  fault: (log) => log.fault('Something went wrong', new Error('why')),
};

const part = { message: 'm', part: 'd#0001' };
const settled = { ...part, recipients: 1, milliseconds: 1 };
const hop = { ...part, nextHop: '[192.0.2.1]:25', reason: '451' };
const tls = { domain: 'd.example', policy: 'sts', host: 'mx.d.example' } as const;
const document = { form: 'Person', name: 'P' };
const mailEvents: Samples<MailLog> = {
  routed: (log) => log.routed({ message: 'm', deliveries: 1 }),
  delivered: (log) => log.delivered({ ...settled, mailFile: 'mail/a' }),
  relayed: (log) => log.relayed({ ...settled, nextHop: '[192.0.2.1]:25' }),
  deferred: (log) => log.deferred({ ...hop, dueAt: '2026-01-01T00:00:00.000Z' }),
  failed: (log) => log.failed({ ...hop, recipients: 1 }),
  held: (log) => log.held({ ...part, reason: 'stuck' }),
  dead: (log) => log.dead({ ...part, reason: 'report' }),
  reported: (log) => log.reported({ message: 'm', report: 'r', kind: 'failed', recipients: 1 }),
  tls: (log) => ['success', 'starttls-not-supported'].forEach((result) => log.tls({ ...tls, result })),
  published: (log) =>
    (['published', 'invalid', 'deleted'] as const).forEach((outcome) =>
      log.published({ ...document, outcome }),
    ),
  gauge: (log) => log.gauge('Woken', 1),
  fault: (log) => log.fault('Something went wrong', new Error('why')),
};

function everything<Log extends FaultLog>(t: TestContext, log: Log, events: Samples<Log>): ToldLine[] {
  const told = toldLines(t);
  for (const tell of Object.values<(log: Log) => void>(events)) tell(log);
  log.flush();
  t.mock.reset();
  return told.lines().filter(({ _aws }) => _aws !== undefined);
}

const components = [
  {
    component: 'the listener',
    vocabulary: sessionMetrics,
    tell: (t: TestContext) => everything(t, sessionLog(), sessionEvents),
  },
  {
    component: 'a function that told of everything',
    vocabulary: mailMetrics,
    tell: (t: TestContext) => everything(t, mailLog('route-mail'), mailEvents),
  },
] as const;

for (const { component, vocabulary, tell } of components)
  test(`${component} has at most 20 series, of one dimension`, (t) => {
    const groups = tell(t).flatMap(({ _aws }) => _aws?.CloudWatchMetrics ?? []);
    const names = new Set(groups.flatMap(({ Metrics }) => Metrics.map(({ Name }) => Name)));
    assert.deepEqual([...names].sort(), [...vocabulary].sort());
    assert.ok(names.size <= 20, `${names.size} series`);
    assert.deepEqual([...new Set(groups.flatMap(({ Dimensions }) => Dimensions.flat()))], ['service']);
  });

test('what is common at an entrance keeps a count of its own', () => {
  const own = refusalReasons.filter((reason) => refusalMetric(reason) === `Refused.${reason}`);
  const together = refusalReasons.filter((reason) => refusalMetric(reason) === 'Refused.other');
  assert.deepEqual(together, ['size', 'hops', 'storage']);
  assert.equal(own.length + together.length, refusalReasons.length);
});

test('no other file makes metrics', () => {
  const root = new URL('../../', import.meta.url).pathname;
  const rooms = ['aws', 'listener', 'functions', 'mail', 'local', 'cli'];
  const makers = rooms
    .flatMap((room) =>
      readdirSync(join(root, room), { recursive: true, encoding: 'utf8' }).map((name) => join(room, name)),
    )
    .filter((name) => name.endsWith('.ts'))
    .filter((name) =>
      /powertools\/metrics|CloudWatchMetrics:? ?\[/.test(readFileSync(join(root, name), 'utf8')),
    );
  assert.deepEqual(makers, ['aws/event-log.ts']);
});
