/** Puts one delivery's own copy and row into a mail file; takes the copy back where the quota refuses the row. */
import { settings } from '../functions/deliver-to-mailbox/settings.ts';
import type { Construct } from 'constructs';
import { GatewayFunction } from './gateway-function.ts';
import type { Nouns } from './nouns.ts';

export function deliverToMailbox(scope: Construct, nouns: Nouns): GatewayFunction {
  const { deployment, views, spool, mailboxes, bucket, queues } = nouns;
  const component = new GatewayFunction(scope, { deployment, folder: 'deliver-to-mailbox', settings });
  views.grantNames(component);
  spool.grantSettle(component);
  mailboxes.grantDeposit(component);
  bucket.grantRead(component, ['spool', 'settings']);
  bucket.grantWrite(component, ['mailboxes', 'kept']);
  bucket.grantDelete(component, ['mailboxes']);
  queues.grantSend(component, ['report']);
  queues.deliver.feed(component);
  queues.deliver.grantPostpone(component);
  return component;
}
