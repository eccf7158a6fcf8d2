/**
 * Amazon SES as a way out: one SendRawEmail call, and what its answer means for the message. What SES refuses is
 * final (a sender that is not verified, a message it does not take); throttling and whatever is not understood waits.
 */
import { SendRawEmailCommand, type SESClient } from '@aws-sdk/client-ses';
import { readSesError, type SesRefusal } from '../mail/relay/ses-error.ts';

export interface RawMail {
  readonly from: string;
  /** At most 50. */
  readonly to: readonly string[];
  readonly bytes: Uint8Array;
}

/** `text`: SES's message id, or its reason. */
export type SesAnswer = { readonly outcome: 'relayed'; readonly text: string } | SesRefusal;

export interface RawSender {
  send(mail: RawMail): Promise<SesAnswer>;
}

export const mostSesRecipients = 50;

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
        return readSesError(error as Error);
      }
    },
  };
}
