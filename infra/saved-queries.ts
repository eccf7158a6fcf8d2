/** Questions to the logs that come up again: what happened to a message, and what is refused most. */
import { CfnQueryDefinition, type LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

export const topRefusals = [
  'filter message = "Refused"',
  'stats count(*) as refusals by reason, stage, because.document, because.field',
  'sort refusals desc',
  'limit 25',
].join(' | ');

/** The id is what the reply to DATA ended with. */
const oneMessage = [
  'filter messageId = "PUT-THE-ID-HERE"',
  'sort @timestamp asc',
  'display @timestamp, service, message, outcome, reason, nextHop',
].join(' | ');

export function saveQueries(scope: Construct, stackName: string, logs: readonly LogGroup[]): void {
  const logGroupNames = logs.map((group) => group.logGroupName);
  const queries = { 'one message': oneMessage, 'top refusals': topRefusals };
  for (const [name, queryString] of Object.entries(queries))
    new CfnQueryDefinition(scope, `Query ${name}`, {
      name: `${stackName}/${name}`,
      queryString,
      logGroupNames,
    });
}
