/** Lambda reads queues and streams with the function's own role: it must allow what the event source does. */
import { allowedBy, AccessDenied, type Use } from './rights.ts';
import { queueArn, streamArn } from './template.ts';
import type { Mapping } from './triggers.ts';
import type { Wiring } from './wiring.ts';

const queueActions = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];
const streamActions = [
  'dynamodb:DescribeStream',
  'dynamodb:GetRecords',
  'dynamodb:GetShardIterator',
  'dynamodb:ListStreams',
];

export function holdTrigger(
  mapping: Mapping,
  { functions }: Pick<Wiring, 'functions'>,
  onUse: (use: Use) => void,
): void {
  const statements = functions.find((each) => each.name === mapping.function)?.statements ?? [];
  for (const [action, resource] of requestsOf(mapping)) {
    const pattern = allowedBy(statements, { action, resource, context: {} });
    if (pattern === undefined)
      throw new AccessDenied(
        `${mapping.function} may not ${action} on ${resource}, which its event source needs.`,
      );
    onUse({ action, resource: pattern });
  }
}

function requestsOf({ kind, source, onFailure }: Mapping): [string, string][] {
  const arn = kind === 'queue' ? queueArn(source) : streamArn(source);
  const reads = (kind === 'queue' ? queueActions : streamActions).map((action): [string, string] => [
    action,
    arn,
  ]);
  return onFailure === undefined ? reads : [...reads, ['sqs:SendMessage', queueArn(onFailure)]];
}
