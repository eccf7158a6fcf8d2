/**
 * A world for router tests: documents as administrators write them, a directory and a DNS that hold what a test gives,
 * and leaves and deliveries written as short lines, so that a row of a table shows the whole decision.
 */
import { forms, type FormName } from '../../../mail/document/forms.ts';
import type { Settings } from '../../../mail/directory/settings.ts';
import type { Envelope, Session } from '../../../mail/envelope/envelope.ts';
import type { Leaf } from '../../../mail/router/leaf.ts';
import type { MessageContext } from '../../../mail/router/route-message.ts';
import { routeMessage } from '../../../mail/router/route-message.ts';
import { routeRecipient } from '../../../mail/router/route.ts';
import type { Plan } from '../../../mail/spool/doors.ts';
import type { Delivery } from '../../../mail/spool/records.ts';
import { envelope as envelopeFor, now } from '../../builders/spool.ts';
import { world, type World } from '../policy/world.ts';

type Fields = Record<string, unknown>;

export interface RouterWorld extends World {
  readonly servers?: readonly Fields[];
  readonly foreign?: readonly Fields[];
  readonly connections?: readonly Fields[];
  readonly envelope?: Partial<Envelope>;
  readonly header?: string | Buffer;
  readonly now?: Date;
  readonly released?: boolean;
}

export const key = Buffer.alloc(32, 7).toString('base64');

/** Alice and Bob have mailboxes; Acme's primary domain is acme.example. */
export const people: readonly Fields[] = [
  { name: 'Alice Example/Acme', internetAddress: 'alice@acme.example' },
  { name: 'Bob Example/Acme', internetAddress: 'bob@acme.example' },
];

export const stranger: Session = {
  id: 's1',
  port: 'smtp',
  peer: '192.0.2.1',
  helo: 'mx.there.example',
  standing: 'external',
};
export const asBob: Session = { ...stranger, port: 'submission', auth: 'Bob Example/Acme' };

export function routerWorld(given: RouterWorld = {}): MessageContext & { readonly asked: string[] } {
  const { settings, directory, resolver, asked } = world({ people, ...given });
  const header = Buffer.from(given.header ?? 'From: bob@elsewhere.example\r\n\r\n');
  return {
    settings: {
      ...settings,
      servers: [settings.server, ...documents('Server', given.servers)],
      foreignSmtpDomains: documents('ForeignSmtpDomain', given.foreign),
      connections: documents('SmtpConnection', given.connections),
      forwardingKey: key,
    } as unknown as Settings,
    directory,
    resolver,
    envelope: envelopeFor({ session: stranger, edits: [], headerSize: header.length, ...given.envelope }),
    now: given.now ?? now,
    readHeader: () => Promise.resolve(header),
    released: given.released ?? false,
    asked,
  };
}

function documents(form: FormName, given: readonly Fields[] = []): { name: string }[] {
  return given.map(({ name, ...fields }, index) => ({
    ...(forms[form].parse(fields) as Fields),
    name: (name as string | undefined) ?? `${form} ${index + 1}`,
  }));
}

/** Where one RCPT TO leads, as lines. */
export async function routed(recipient: string, given: RouterWorld = {}): Promise<string[]> {
  return (await leavesOf(recipient, given)).map(line);
}

export function leavesOf(recipient: string, given: RouterWorld = {}): Promise<Leaf[]> {
  return routeRecipient({ address: recipient }, routerWorld(given));
}

export function planned(given: RouterWorld = {}): Promise<Plan> {
  return routeMessage(routerWorld(given));
}

function line(leaf: Leaf): string {
  if (leaf.way === 'mailbox') return `in ${leaf.mailFile}`;
  if (leaf.way === 'hop') return `${leaf.address} by ${leaf.transport} ${leaf.nextHop}`;
  if (leaf.way === 'failed') return `${leaf.failure}: ${leaf.reply}`;
  if (leaf.way === 'held') return `held: ${leaf.reason}`;
  return `${leaf.address} ${leaf.way}`;
}

/** `d#0001 mailbox local pending: alice@acme.example` */
export function shortly({ part, transport, nextHop, mailFile, state, recipients }: Delivery): string {
  const names = recipients.map(({ address }) => address).join(' ');
  return `${part} ${transport} ${mailFile ?? nextHop} ${state}: ${names}`;
}

export function shortPlan(plan: Plan): string[] {
  return plan.deliveries.map(shortly);
}
