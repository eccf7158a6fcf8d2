/** How large a message may be and how far it may have come (Configuration > Router/SMTP > Restrictions, Transfer). */
import { hopCount554, tooLarge552, tooManyRecipients452 } from '../reply/message-replies.ts';
import type { Settings } from '../directory/settings.ts';
import { defer, inConfiguration, inServer, pass, refuse, type Ruling } from './ruling.ts';

/** In bytes; undefined: no limit. */
export function maximumSize({ configuration }: Settings): number | undefined {
  const { maximumMessageSize } = configuration.routing;
  return maximumMessageSize === 0 ? undefined : maximumMessageSize * 1024;
}

/** Declared at MAIL (F5), or counted at the end of DATA. */
export function sizeRuling(settings: Settings, bytes: number | undefined): Ruling {
  if (bytes === undefined) return pass('not declared');
  const most = maximumSize(settings);
  if (most === undefined || bytes <= most) return pass('small enough');
  const limit = `${settings.configuration.routing.maximumMessageSize}`;
  return refuse(tooLarge552, inConfiguration(settings, 'routing.maximumMessageSize', limit));
}

export function hopRuling(settings: Settings, hops: number): Ruling {
  const { maximumHopCount } = settings.configuration.transfer;
  if (hops <= maximumHopCount) return pass(`${hops} hops`);
  return refuse(hopCount554, inConfiguration(settings, 'transfer.maximumHopCount', `${maximumHopCount}`));
}

/** `earlier`: recipients of this message accepted before. */
export function recipientCount(settings: Settings, earlier: number): Ruling {
  const { maximumRecipients } = settings.server;
  if (earlier < maximumRecipients) return pass('not too many');
  return defer(tooManyRecipients452, inServer(settings, 'maximumRecipients', `${maximumRecipients}`));
}
