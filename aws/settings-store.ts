/**
 * The settings of each server: immutable S3 objects `settings/<server>/<version>-<random>.json`, and in table `views`
 * one pointer per server (`settings#<server>`, `-`) to the current one. The pointer moves only from the one that was
 * read before the settings were compiled (`sequence` as seen), so that a slow publisher never brings old ones back.
 *
 * No object's key is used twice, so what the pointer has left behind is never pointed at again: the set before the
 * last one is deleted. The last one stays for who has just read the old pointer.
 */
import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { foldName } from '../mail/document/names.ts';
import type { Settings } from '../mail/directory/settings.ts';
import { conditionally, fromItem, toItem, values } from './items.ts';

export interface Pointer {
  readonly server: string;
  readonly version: string;
  /** Folded name of the Configuration that applies. */
  readonly configuration?: string;
  readonly objectKey: string;
  /** Of the set before this one. */
  readonly previousKey?: string;
  readonly sequence: number;
  readonly publishedAt: string;
  /** Goes from one set to the next, so that it is made only once (`Settings.forwardingKey`). */
  readonly forwardingKey?: string;
}

export interface SettingsStore {
  pointer(server: string): Promise<Pointer | undefined>;
  read(pointer: Pointer): Promise<Settings>;
  /** False: the pointer is no longer the one seen; compile again. */
  write(settings: Settings, seen: Pointer | undefined, publishedAt: string): Promise<boolean>;
  /** Nothing is in force for this server any more; false as above. */
  remove(seen: Pointer): Promise<boolean>;
}

interface Options {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly s3: S3Client;
  readonly bucket: string;
  /** Gives up a read that takes longer. */
  readonly timeoutMs?: number;
}

export function settingsStore(options: Options): SettingsStore {
  return {
    pointer: (server) => readPointer(options, server),
    read: (pointer) => readSettings(options, pointer),
    write: (settings, seen, publishedAt) => writeSettings(options, { settings, seen, publishedAt }),
    remove: (seen) => removePointer(options, seen),
  };
}

/** The pointers alone. */
export function settingsPointers(from: Pick<Options, 'client' | 'table'>): Pick<SettingsStore, 'pointer'> {
  return { pointer: (server) => readPointer(from, server) };
}

/** By folded names of servers. */
export function inForceBy(pointers: readonly (Pointer | undefined)[]): ReadonlyMap<string, string> {
  return new Map(
    pointers.flatMap((pointer) =>
      pointer?.configuration === undefined ? [] : [[pointer.server, pointer.configuration] as const],
    ),
  );
}

function pointerKey(server: string): { key: string; sort: string } {
  return { key: `settings#${foldName(server)}`, sort: '-' };
}

async function readPointer(
  options: Pick<Options, 'client' | 'table' | 'timeoutMs'>,
  server: string,
): Promise<Pointer | undefined> {
  const { Item } = await options.client.send(
    new GetItemCommand({ TableName: options.table, Key: toItem(pointerKey(server)), ConsistentRead: true }),
    deadline(options),
  );
  return Item === undefined ? undefined : fromItem<Pointer>(Item);
}

/** Whole, and the one that the pointer means; else it throws. */
async function readSettings(options: Options, { objectKey, version }: Pointer): Promise<Settings> {
  const { Body } = await options.s3.send(
    new GetObjectCommand({ Bucket: options.bucket, Key: objectKey }),
    deadline(options),
  );
  const settings = JSON.parse((await Body?.transformToString()) ?? '') as Settings;
  if (settings.version === version) return settings;
  throw new Error(`${objectKey} holds version ${settings.version}, not ${version}.`);
}

async function writeSettings(
  options: Options,
  { settings, seen, publishedAt }: { settings: Settings; seen: Pointer | undefined; publishedAt: string },
): Promise<boolean> {
  const server = foldName(settings.server.name);
  const objectKey = `settings/${server}/${settings.version}-${randomUUID()}.json`;
  await options.s3.send(
    new PutObjectCommand({
      Bucket: options.bucket,
      Key: objectKey,
      Body: JSON.stringify(settings),
      ContentType: 'application/json',
    }),
  );
  const sequence = (seen?.sequence ?? 0) + 1;
  const pointer = {
    server,
    version: settings.version,
    configuration: foldName(settings.configuration.name),
    objectKey,
    previousKey: seen?.objectKey,
    sequence,
    publishedAt,
    forwardingKey: settings.forwardingKey,
  };
  const { done } = await conditionally(() =>
    options.client.send(
      new PutItemCommand({
        TableName: options.table,
        Item: toItem({ ...pointerKey(server), ...pointer }),
        ...pointerIsAsSeen(seen),
      }),
    ),
  );
  // Never the one just written: a write that was repeated may say no, and yet the pointer means it.
  if (done) await deleteObject(options, seen?.previousKey);
  return done;
}

/** What is left over costs little; nothing depends on its going. */
async function deleteObject({ s3, bucket }: Options, Key: string | undefined): Promise<void> {
  if (Key === undefined) return;
  await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key })).catch(() => undefined);
}

async function removePointer({ client, table }: Options, seen: Pointer): Promise<boolean> {
  const Key = toItem(pointerKey(seen.server));
  const { done } = await conditionally(() =>
    client.send(new DeleteItemCommand({ TableName: table, Key, ...pointerIsAsSeen(seen) })),
  );
  return done;
}

function pointerIsAsSeen(seen: Pointer | undefined): object {
  const ExpressionAttributeNames = { '#sequence': 'sequence' };
  if (seen === undefined)
    return { ConditionExpression: 'attribute_not_exists(#sequence)', ExpressionAttributeNames };
  return {
    ConditionExpression: '#sequence = :seen',
    ExpressionAttributeNames,
    ExpressionAttributeValues: values({ ':seen': seen.sequence }),
  };
}

function deadline({ timeoutMs }: Pick<Options, 'timeoutMs'>): { abortSignal?: AbortSignal } {
  return timeoutMs === undefined ? {} : { abortSignal: AbortSignal.timeout(timeoutMs) };
}
