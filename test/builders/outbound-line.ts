/** A carrier towards a next hop, made as the hop worker makes it, with what a test wants different. */
import { dnsResolver } from '../../aws/resolver.ts';
import type { RawSender } from '../../aws/ses.ts';
import { carriers, type CarrierDoors } from '../../functions/relay-outbound/carrier-for.ts';
import type { Attempt } from '../../functions/relay-outbound/carrier.ts';
import { standardTimeouts } from '../../functions/relay-outbound/smtp-connection.ts';
import type { Delivery, Transport } from '../../mail/spool/records.ts';
import { bodiesOf, messageText, outboundDelivery, outboundSettings } from './outbound.ts';

export interface LineOptions {
  readonly transport?: Transport;
  readonly configuration?: object;
  /** By name; an error is thrown. */
  readonly secrets?: Readonly<Record<string, string | Error>>;
  readonly body?: string;
  readonly dns?: string;
  readonly port?: number;
  readonly timeouts?: Partial<CarrierDoors['timeouts']>;
  readonly remaining?: number;
  readonly finalDotReserve?: number;
  readonly ca?: string;
  readonly ses?: RawSender;
  readonly pause?: CarrierDoors['pause'];
  readonly pointers?: CarrierDoors['pointers'];
  readonly sts?: CarrierDoors['sts'];
  readonly secureDns?: CarrierDoors['secureDns'];
  readonly tally?: CarrierDoors['tally'];
  readonly onTls?: CarrierDoors['log']['tls'];
}

export interface Line extends AsyncDisposable {
  send(delivery?: Delivery): Promise<Attempt>;
  giveWay(): void;
  close(): Promise<void>;
}

export function lineTo(nextHop: string, options: LineOptions = {}): Line {
  const settings = outboundSettings(options.configuration);
  const make = carriers(carrierDoors(options));
  const work = { transport: options.transport ?? 'smtp', nextHop };
  const carrier = make(work, settings, () => options.remaining ?? 60_000);
  return {
    send: (delivery = outboundDelivery()) => carrier.send(delivery),
    giveWay: () => carrier.giveWay?.(),
    close: () => carrier.close(),
    [Symbol.asyncDispose]: () => carrier.close(),
  };
}

export function carrierDoors(options: LineOptions = {}): CarrierDoors {
  const { body = messageText, secrets = {} } = options;
  return {
    bodies: { open: () => bodiesOf({ body }).open('body') },
    // Nobody answers at port 9, which is told at once; a server of the test may be slow on a busy machine.
    resolver: dnsResolver({ servers: [options.dns ?? '127.0.0.1:9'], timeoutMs: 5_000, tries: 1 }),
    secrets: {
      read(name) {
        const secret = secrets[name];
        return secret instanceof Error ? Promise.reject(secret) : Promise.resolve(secret);
      },
    },
    sts: options.sts ?? (() => Promise.resolve(undefined)),
    secureDns: options.secureDns,
    log: { tls: options.onTls ?? (() => undefined), fault: () => undefined },
    tally: options.tally ?? { note: () => undefined },
    pointers: options.pointers ?? { write: () => Promise.resolve() },
    ses: options.ses ?? { send: () => Promise.reject(new Error('not by SES')) },
    tuning: { mxPort: options.port ?? 25, local: true },
    timeouts: { ...standardTimeouts, ...options.timeouts },
    finalDotReserve: options.finalDotReserve ?? 0,
    random: () => 0.5,
    pause: options.pause ?? (() => Promise.resolve()),
    clock: () => new Date(),
    ...(options.ca === undefined ? {} : { trust: { ca: options.ca } }),
  };
}

/** Address to outcome. */
export function outcomesOf({ results }: Pick<Attempt, 'results'>): Record<string, string> {
  return Object.fromEntries(results.map(({ address, outcome }) => [address, outcome]));
}
