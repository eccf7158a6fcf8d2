/** What the functions and the listener are made from. */
import type { Deployment } from './deployment.ts';
import type { Directory } from './directory.ts';
import type { MailBucket } from './mail-bucket.ts';
import type { Mailboxes } from './mailboxes.ts';
import type { Network } from './network.ts';
import type { SesEvents } from './ses-events.ts';
import type { Spool } from './spool.ts';
import type { Views } from './views.ts';
import type { WorkQueues } from './work-queues.ts';

export interface Nouns {
  readonly deployment: Deployment;
  readonly directory: Directory;
  readonly views: Views;
  readonly spool: Spool;
  readonly mailboxes: Mailboxes;
  readonly bucket: MailBucket;
  readonly queues: WorkQueues;
  readonly sesEvents: SesEvents;
  readonly network: Network;
}
