/** Findings of cdk-nag's AwsSolutions pack that stay, each with its reason; test/infra/nag.test.ts fails when one is missing or no longer needed. */
import { Validations, type Stack } from 'aws-cdk-lib';

type Reasons = readonly (readonly [finding: string, reason: string])[];

const prefix = 'Objects are named by message; the right ends at the prefix that this component works in.';
const everywhere =
  'AWS knows no narrower resource for X-Ray segments and for a function’s network interfaces.';

const reasons: Reasons = [
  [
    'S1',
    'Access logs would name every message a second time; CloudTrail data events can be switched on where wanted.',
  ],
  ['VPC7', 'Flow logs cost more than the listener; the log has every session with its peer.'],
  ['EC23', 'An SMTP server is open to the Internet: ports 25, 465 and 587 only.'],
  ['ECS2', 'The variables are names of tables and queues; secrets are read from Secrets Manager by name.'],
  [
    'ECS4',
    'Container Insights costs more than it shows here: the dashboard has CPU, memory and the mail’s own counts.',
  ],
  ['ELB2', 'A network load balancer logs TLS connections only, and these pass through it.'],
  [
    'SQS3',
    'It is the destination of what the stream could not process: a dead-letter queue in all but name.',
  ],
  ['IAM5[Resource::*]', everywhere],
  [
    'IAM5[Resource::<DirectoryTableD64E6930.Arn>/stream/*]',
    'ListStreams is asked for any stream of this table.',
  ],
  ['IAM5[Resource::<MailBucketF6FE1F26.Arn>/envelopes/*]', prefix],
  ['IAM5[Resource::<MailBucketF6FE1F26.Arn>/kept/*]', prefix],
  ['IAM5[Resource::<MailBucketF6FE1F26.Arn>/mailboxes/*]', prefix],
  ['IAM5[Resource::<MailBucketF6FE1F26.Arn>/plans/*]', prefix],
  ['IAM5[Resource::<MailBucketF6FE1F26.Arn>/settings/*]', prefix],
  ['IAM5[Resource::<MailBucketF6FE1F26.Arn>/spool/*]', prefix],
];

/** With the stack's name in them. */
const named = (stackName: string): Reasons => [
  [
    `IAM5[Resource::arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:${stackName}/*]`,
    'Documents name secrets; administrators make them under this prefix at any time.',
  ],
  [
    'IAM5[Resource::arn:<AWS::Partition>:ses:<AWS::Region>:<AWS::AccountId>:identity/*]',
    'Which verified identity sends is decided by documents, not at deployment.',
  ],
];

export function acknowledgements(stackName: string): Reasons {
  return [...reasons, ...named(stackName)].map(([finding, reason]) => [`AwsSolutions-${finding}`, reason]);
}

export function acknowledge(stack: Stack): void {
  for (const [id, reason] of acknowledgements(stack.stackName))
    Validations.of(stack).acknowledge({ id, reason });
}
