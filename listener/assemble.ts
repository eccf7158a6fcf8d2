/**
 * The listener over its AWS doors, assembled from the environment: what the container and the one-machine runtime
 * both call. Reads settings and look-ups from `views` and S3, counts lock-outs in `spool`, keeps mail in S3 and SQS.
 */
import { awsAcceptance } from '../aws/acceptance.ts';
import { awsBodyStore } from '../aws/body-store.ts';
import { dynamodb, s3, secretsManager, sqs } from '../aws/clients.ts';
import { exportedCertificate } from '../aws/exported-certificate.ts';
import { awsDirectory } from '../aws/directory.ts';
import { awsLoginGuard } from '../aws/login-guard.ts';
import { awsObjects } from '../aws/objects.ts';
import { quickS3, quickSqs } from '../aws/quick-call.ts';
import { dnsResolver } from '../aws/resolver.ts';
import { awsSecrets } from '../aws/secrets.ts';
import { awsSettings } from '../aws/settings-source.ts';
import { readTuning, readVariables, type Environment } from '../aws/variables.ts';
import type { Secrets } from '../mail/relay/doors.ts';
import type { Clock } from '../mail/spool/doors.ts';
import { cachedResolver } from './cached-resolver.ts';
import type { ListenerLog } from './house.ts';
import { startListener, type Listener, type ListenerOptions } from './listener.ts';
import { settings as component } from './settings.ts';

export interface Place {
  readonly host: string;
  readonly ports: ListenerOptions['ports'];
  readonly stagingDir: string;
  readonly certificateDir: string;
  readonly log: ListenerLog;
}

/** A PTR and an address look-up of two tries each stay under the five seconds that a peer may have to wait. */
const dnsPatience = { timeoutMs: 800, tries: 2 };
/** How long a host name is remembered. */
const hostNameSeconds = 60;

const clock: Clock = () => new Date();

export function listenerFrom(env: Environment, place: Place): Promise<Listener> {
  const names = readVariables(env, component.variables);
  const { refreshSeconds, dnsServers } = readTuning(env);
  const bucket = { client: s3(), bucket: names.bucket };
  const secrets = awsSecrets({ client: secretsManager(), prefix: names.secretPrefix, clock });
  const { viewsTable, server } = names;
  return startListener({
    ...place,
    settings: awsSettings({ viewsTable, bucket: names.bucket, server, refreshSeconds, clock }),
    directory: awsDirectory({ table: viewsTable, cacheSeconds: refreshSeconds }),
    acceptance: awsAcceptance({
      bodies: awsBodyStore({ ...bucket, quick: quickS3(s3(), names.bucket) }),
      objects: awsObjects(bucket),
      client: sqs(),
      quick: quickSqs(sqs()),
      routeQueue: names.routeQueue,
    }),
    resolver: cachedResolver(dnsResolver({ servers: dnsServers, ...dnsPatience }), hostNameSeconds),
    loginGuard: awsLoginGuard({ client: dynamodb(), table: names.spoolTable, clock }),
    ...givenCertificate(env, secrets),
    refreshSeconds,
  });
}

/** From a secret or from ACM, as the stack was told; neither: self-signed. */
function givenCertificate(env: Environment, secrets: Secrets): Pick<ListenerOptions, 'certificate'> {
  const { CERTIFICATE_SECRET: secret, CERTIFICATE_ARN: arn } = env;
  if (arn) return { certificate: exportedCertificate({ client: dynamodb(), arn, clock }) };
  return secret ? { certificate: () => secrets.read(secret) } : {};
}
