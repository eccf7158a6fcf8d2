/**
 * Amazon SES as a way out: one SendRawEmail call, and what its answer means for the message. What SES refuses is
 * final (a sender that is not verified, a message it does not take); throttling and whatever is not understood waits.
 */
import { SendRawEmailCommand, type SESClient } from '@aws-sdk/client-ses';

export interface RawMail {
  readonly from: string;
  /** At most 50. */
  readonly to: readonly string[];
  readonly bytes: Uint8Array;
}

export interface SesAnswer {
  readonly outcome: 'relayed' | 'failed' | 'waiting';
  /** SES's message id, or its reason. */
  readonly text: string;
  /** Refused, since it does not know the sender as ours. */
  readonly unverified?: boolean;
}

export interface RawSender {
  send(mail: RawMail): Promise<SesAnswer>;
}

export const mostSesRecipients = 50;

/** Errors of the SES API that another try cannot mend. */
const final = new Set(['MessageRejected', 'MailFromDomainNotVerifiedException', 'InvalidParameterValue']);

/** `configurationSet`: whose events come back to us; absent: the identity's own. */
export function sesSender(client: Pick<SESClient, 'send'>, configurationSet?: string): RawSender {
  return {
    async send({ from, to, bytes }) {
      const command = new SendRawEmailCommand({
        Source: from,
        Destinations: [...to],
        RawMessage: { Data: bytes },
        ...(configurationSet ? { ConfigurationSetName: configurationSet } : {}),
      });
      try {
        const { MessageId } = await client.send(command);
        return { outcome: 'relayed', text: MessageId ?? '' };
      } catch (error) {
        const { name, message } = error as Error;
        const unverified = final.has(name) && /not ?verified/i.test(`${name} ${message}`);
        return { outcome: final.has(name) ? 'failed' : 'waiting', text: `${name}: ${message}`, unverified };
      }
    },
  };
}
