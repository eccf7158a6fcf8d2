/**
 * The functions of the wiring, each in its thread, with its queue, stream and schedule. What a component used of its
 * rights goes to the record; what a function's own triggers need counts as used by it, as on AWS, where Lambda
 * polls in the function's name.
 */
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { pathToFileURL } from 'node:url';
import { basename, dirname, join, resolve } from 'node:path';
import type { CallRecord } from './call-record.ts';
import { functionEnvironment } from './environment.ts';
import { EventSource } from './event-source.ts';
import { LambdaWorker } from './lambda-worker.ts';
import type { Logs } from './logs.ts';
import type { Options } from './options.ts';
import { RepeatedRun } from './schedule.ts';
import { queueUrlAt } from './service-clients.ts';
import type { ServiceEndpoints } from './services/services.ts';
import type { Clients } from './provision.ts';
import { openStream, type StreamRecord } from './services/stream-client.ts';
import type { StreamPlaces } from './services/stream-places.ts';
import { StreamSource } from './stream-source.ts';
import { queueArn } from './template.ts';
import { sourceRoot } from './template-cache.ts';
import { holdTrigger } from './trigger-rights.ts';
import type { FromThread, ThreadData } from './thread-messages.ts';
import type { Mapping, Schedule } from './triggers.ts';
import type { Component, LambdaFunction, Wiring } from './wiring.ts';

export interface Surroundings {
  readonly options: Options;
  readonly stack: string;
  readonly wiring: Wiring;
  readonly services: ServiceEndpoints;
  readonly clients: Clients;
  readonly logs: Logs;
  readonly record: CallRecord;
  readonly places: StreamPlaces;
}

export interface Functions {
  /** Starts the thread of a function before an invocation does. */
  warm(name: string): void;
  /** Lets queues and streams invoke. */
  begin(): void;
  /** Lets the clock invoke. */
  beginSchedules(): void;
  /** Takes no more work, lets what runs end for `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

export function threadData(component: Component, entry: string, { wiring }: Surroundings): ThreadData {
  const { name, statements } = component;
  return {
    component: name,
    entry: pathToFileURL(resolve(sourceRoot, entry)).href,
    statements,
    partitionKeys: wiring.partitionKeys,
  };
}

export function recordCalls(component: string, record: CallRecord, message: FromThread): void {
  if (message.kind === 'used') record.used(component, message.use);
  if (message.kind === 'denied') record.denied(component, message.request);
}

export function openFunctions(around: Surroundings): Functions {
  const workers = new Map(around.wiring.functions.map((each) => [each.name, openFunction(each, around)]));
  const invoke = (name: string) => (event: unknown) => workerOf(workers, name).invoke(event);
  const sources: { stop(): Promise<void> }[] = [];
  return {
    warm: (name) => workerOf(workers, name).warm(),
    begin() {
      for (const mapping of around.wiring.mappings)
        sources.push(startMapping(mapping, invoke(mapping.function), around));
    },
    beginSchedules() {
      for (const schedule of around.wiring.schedules)
        sources.push(startSchedule(schedule, invoke(schedule.function), around));
    },
    async stop(graceMs) {
      const stopped = sources.map((source) => source.stop());
      await Promise.all([...workers.values()].map((worker) => worker.stop(graceMs)));
      await Promise.all(stopped);
    },
  };
}

function workerOf(workers: ReadonlyMap<string, LambdaWorker>, name: string): LambdaWorker {
  const worker = workers.get(name);
  if (worker === undefined) throw new Error(`The template has no function ${name}.`);
  return worker;
}

/** `functions/route-mail/handler.ts`, or what was bundled from it. */
function entryOf({ entry }: LambdaFunction, { bundles }: Options): string {
  return bundles === undefined ? entry : join(resolve(bundles), basename(dirname(entry)), 'index.mjs');
}

function openFunction(lambda: LambdaFunction, around: Surroundings): LambdaWorker {
  return new LambdaWorker({
    thread: threadData(lambda, entryOf(lambda, around.options), around),
    environment: functionEnvironment(lambda, around.options, around.services),
    timeoutSeconds: lambda.timeoutSeconds,
    output: around.logs.of(lambda.name),
    onMessage: (message) => recordCalls(lambda.name, around.record, message),
  });
}

type Invoke = (event: unknown) => Promise<unknown>;

function startMapping(mapping: Mapping, invoke: Invoke, around: Surroundings): { stop(): Promise<void> } {
  const { wiring, record, logs } = around;
  holdTrigger(mapping, wiring, (use) => record.used(mapping.function, use));
  const onFault = logs.faultsOf(mapping.function);
  if (mapping.kind === 'stream') return startStream(mapping, invoke, around);
  const queueUrl = queueUrlAt(around.services.sqs)(mapping.source);
  return new EventSource({
    client: around.clients.sqs,
    queueUrl,
    queueArn: queueArn(mapping.source),
    mapping,
    invoke,
    onFault,
  });
}

function startStream(mapping: Mapping, invoke: Invoke, around: Surroundings): StreamSource {
  const onFault = around.logs.faultsOf(mapping.function);
  return new StreamSource({
    open: () => openStream(around.services.dynamodb, mapping.source),
    places: {
      of: (arn) => around.places.of(mapping.function, arn),
      keep: (arn, number) => around.places.keep(mapping.function, arn, number),
    },
    mapping,
    invoke,
    giveUp: (records) => reportRecords(mapping, records, around),
    onFault,
  });
}

/** Lambda tells the failure queue which records it passed over, not what was in them. */
async function reportRecords(
  mapping: Mapping,
  records: readonly StreamRecord[],
  around: Surroundings,
): Promise<void> {
  around.logs.faultsOf(mapping.function)(
    `${records.length} changes are passed over after every try.`,
    undefined,
  );
  if (mapping.onFailure === undefined) return;
  const MessageBody = JSON.stringify({
    requestContext: { functionArn: mapping.function, condition: 'RetryAttemptsExhausted' },
    DDBStreamBatchInfo: {
      startSequenceNumber: records[0]?.dynamodb.SequenceNumber,
      endSequenceNumber: records.at(-1)?.dynamodb.SequenceNumber,
      batchSize: records.length,
    },
  });
  const QueueUrl = queueUrlAt(around.services.sqs)(mapping.onFailure);
  await around.clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
}

const minute = 60;

/** What AWS starts each minute runs at the tick; slower schedules run once at the start, then as they say. */
function startSchedule(schedule: Schedule, invoke: Invoke, { options, logs }: Surroundings): RepeatedRun {
  const each = schedule.everySeconds <= minute ? options.tickSeconds : schedule.everySeconds;
  return new RepeatedRun({
    everySeconds: each,
    firstAfterSeconds: Math.min(each, options.tickSeconds),
    run: () => invoke(schedule.input ?? { source: 'aws.events', 'detail-type': 'Scheduled Event' }),
    onFault: logs.faultsOf(schedule.function),
  });
}
