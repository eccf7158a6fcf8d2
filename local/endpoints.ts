/**
 * `<data>/endpoints.json`: where a running gateway can be reached. Written last and in one piece, so that whoever
 * finds it finds everything answering; removed at a clean stop.
 */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Endpoints {
  /** `host:port`. */
  readonly smtp: string;
  readonly submission: string;
  readonly smtps: string;
  /** URLs. */
  readonly dynamodb: string;
  readonly sqs: string;
  readonly s3: string;
  readonly ses: string;
  readonly secretsManager: string;
  /** Web page of what SES was given. */
  readonly sesInbox: string;
  readonly tables: Readonly<Record<'directory' | 'views' | 'spool' | 'mailboxes', string>>;
  readonly queues: Readonly<Record<'route' | 'deliver' | 'relay' | 'direct' | 'report', string>>;
  readonly bucket: string;
}

const fileIn = (data: string): string => join(data, 'endpoints.json');

export function writeEndpoints(data: string, endpoints: Endpoints): void {
  writeFileSync(`${fileIn(data)}.new`, `${JSON.stringify(endpoints, undefined, 2)}\n`);
  renameSync(`${fileIn(data)}.new`, fileIn(data));
}

export function removeEndpoints(data: string): void {
  rmSync(fileIn(data), { force: true });
}
