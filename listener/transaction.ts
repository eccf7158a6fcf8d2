/** One mail transaction, MAIL to the end of DATA. It is judged with one set of settings throughout. */
import type { Address, ReversePath } from '../mail/address/address.ts';
import type { Settings } from '../mail/directory/settings.ts';
import type { Because } from '../mail/policy/verdict.ts';
import type { MailParameters, RcptParameters } from './parameters.ts';
import type { Staging } from './staging.ts';

export interface Recipient {
  readonly address: Address;
  readonly parameters: RcptParameters;
  /** Why it was accepted. */
  readonly because?: Because;
}

export class Transaction {
  readonly settings: Settings;
  readonly from: ReversePath;
  readonly parameters: MailParameters;
  readonly #recipients = new Map<string, Recipient>();
  #taken = 0;
  staging: Staging | undefined;

  constructor(settings: Settings, from: ReversePath, parameters: MailParameters) {
    this.settings = settings;
    this.from = from;
    this.parameters = parameters;
  }

  get recipients(): readonly Recipient[] {
    return [...this.#recipients.values()];
  }

  /** RCPT commands that were taken, repeated ones included: that is what `maximumRecipients` bounds. */
  get count(): number {
    return this.#taken;
  }

  /** Named twice, octet for octet, it is one recipient; the last parameters count. */
  add(recipient: Recipient): void {
    this.#taken += 1;
    this.#recipients.set(recipient.address.text, recipient);
  }

  /** The peer is gone: what was staged goes too. A failure leaves a file that the next start removes. */
  abandon(): void {
    this.staging?.discard().catch(() => undefined);
  }
}
