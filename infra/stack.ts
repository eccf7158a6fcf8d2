/** The whole gateway as one stack: the nouns first, then what runs and the rights it gets from them. */
import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Alarms } from './alarms.ts';
import { MailDashboard } from './dashboard.ts';
import { deliverToMailbox } from './deliver-to-mailbox.ts';
import type { Deployment } from './deployment.ts';
import { Directory } from './directory.ts';
import type { GatewayFunction } from './gateway-function.ts';
import { Listener } from './listener.ts';
import { MailBucket } from './mail-bucket.ts';
import { Mailboxes } from './mailboxes.ts';
import { Network } from './network.ts';
import type { Nouns } from './nouns.ts';
import { publishDirectory } from './publish-directory.ts';
import { spellRecords } from './records.ts';
import { directOutbound, relayOutbound } from './relay-outbound.ts';
import { reportFailure } from './report-failure.ts';
import { retryDeferred } from './retry-deferred.ts';
import { routeMail } from './route-mail.ts';
import { saveQueries } from './saved-queries.ts';
import { SesEvents } from './ses-events.ts';
import { Spool } from './spool.ts';
import { Views } from './views.ts';
import { WorkQueues } from './work-queues.ts';

export class PosternStack extends Stack {
  readonly listener: Listener;
  readonly functions: readonly GatewayFunction[];

  constructor(scope: Construct, deployment: Deployment) {
    super(scope, deployment.stackName, {
      description: `Postern, an SMTP gateway: server ${deployment.server}`,
    });
    // The CDK names dependencies that references already make; cfn-lint would mention each.
    this.templateOptions.metadata = { 'cfn-lint': { config: { ignore_checks: ['W3005'] } } };
    const nouns = this.nouns(deployment);
    this.listener = new Listener(this, nouns);
    this.functions = this.gatewayFunctions(nouns);
    this.watch(nouns);
    spellRecords(this, nouns, this.listener);
    new CfnOutput(this, 'Bucket', { value: nouns.bucket.bucket.bucketName });
  }

  private watch({ deployment, queues }: Nouns): void {
    const { listener, functions } = this;
    const watched = { deployment, queues, listener, functions };
    const alarms = new Alarms(this, watched);
    new MailDashboard(this, watched, alarms);
    const logs = [listener.logGroup, ...functions.map((each) => each.logGroup)];
    saveQueries(this, deployment.stackName, logs);
  }

  private nouns(deployment: Deployment): Nouns {
    const { stackName } = deployment;
    const queues = new WorkQueues(this, deployment);
    return {
      deployment,
      directory: new Directory(this, stackName),
      views: new Views(this, stackName),
      spool: new Spool(this, stackName),
      mailboxes: new Mailboxes(this, stackName),
      bucket: new MailBucket(this, stackName),
      queues,
      sesEvents: new SesEvents(this, stackName, queues.report),
      network: new Network(this, deployment),
    };
  }

  private gatewayFunctions(nouns: Nouns): GatewayFunction[] {
    const direct = directOutbound(this, nouns);
    return [
      publishDirectory(this, nouns),
      routeMail(this, nouns),
      deliverToMailbox(this, nouns),
      relayOutbound(this, nouns),
      ...(direct ? [direct] : []),
      retryDeferred(this, nouns),
      reportFailure(this, nouns),
    ];
  }
}
