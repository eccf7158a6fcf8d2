/**
 * The door between the hop worker and the ways out: a carrier takes deliveries of one next hop, one after another,
 * over whatever it keeps open, and says what became of each recipient.
 */
import type { RecipientResult, SendRecipient } from '../../mail/relay/doors.ts';
import { hasForeignScript, type Outgoing } from '../../mail/relay/commands.ts';
import { editedSize } from '../../mail/envelope/apply-edits.ts';
import type { Delivery } from '../../mail/spool/records.ts';

export interface Attempt {
  readonly results: readonly RecipientResult[];
  /**
   * `down`: no host of the hop could be spoken to, so the others that wait for it need not try. `broke`: a host was spoken
   * to, and the session broke off before it said what becomes of the message, which may be the message's fault.
   */
  readonly hop: 'answered' | 'broke' | 'down';
  /** The worker left before the host could have the message: nothing was tried. */
  readonly gaveWay?: true;
}

export interface Carrier {
  /** Throws what is our own fault, BodyMissing included. */
  send(delivery: Delivery): Promise<Attempt>;
  /** Leaves the running attempt, and the hop, where the host cannot have the message yet. */
  giveWay?(): void;
  /** Ends politely what is open. */
  close(): Promise<void>;
}

/** Those whom this attempt is for. */
export function waitingRecipients({ recipients }: Delivery): SendRecipient[] {
  return recipients.filter(({ outcome }) => outcome === 'waiting');
}

export function outgoing(delivery: Delivery): Outgoing {
  const { from, eightBitMime, requireTls, ret, envid } = delivery;
  const recipients = waitingRecipients(delivery);
  return {
    from,
    recipients,
    size: editedSize(delivery.size, delivery.edits),
    eightBitMime,
    smtpUtf8: delivery.smtpUtf8 || hasForeignScript({ from, recipients }),
    requireTls,
    ...(ret === undefined ? {} : { ret }),
    ...(envid === undefined ? {} : { envid }),
  };
}
