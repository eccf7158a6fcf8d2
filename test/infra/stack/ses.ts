/** What Amazon SES tells afterwards finds its way into the queue of reports, and nobody else can put anything there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { usual as template } from './synthesized.ts';
import { at, ofType, plain } from './template.ts';

const only = (type: string) => {
  const [found, ...others] = ofType(template, type);
  assert.ok(found && others.length === 0, type);
  return found;
};
const topic = only('AWS::SNS::Topic');
const destination = only('AWS::SES::ConfigurationSetEventDestination').properties['EventDestination'];
const subscription = only('AWS::SNS::Subscription').properties;

test('relay-outbound sends under the stack’s configuration set', () => {
  const { properties } = only('AWS::SES::ConfigurationSet');
  assert.equal(properties['Name'], 'postern');
  const relay = ofType(template, 'AWS::Lambda::Function').find(
    ({ properties: { FunctionName } }) => FunctionName === 'postern-relay-outbound',
  );
  const name = at(relay?.properties, 'Environment', 'Variables', 'SES_CONFIGURATION_SET');
  assert.deepEqual(name, { Ref: only('AWS::SES::ConfigurationSet').id });
});

test('its events are those that settle something', () => {
  assert.equal(at(destination, 'Enabled'), true);
  assert.deepEqual(at(destination, 'MatchingEventTypes'), [
    'bounce',
    'complaint',
    'delivery',
    'deliveryDelay',
    'reject',
  ]);
  assert.equal(plain(template, at(destination, 'SnsDestination', 'TopicARN')), topic.id);
});

test('they come to the queue of reports in SNS’s envelope', () => {
  assert.equal(subscription['Protocol'], 'sqs');
  assert.equal(plain(template, subscription['Endpoint']), 'postern-report');
  assert.notEqual(subscription['RawMessageDelivery'], true);
});

test('that topic alone may send there without a role', () => {
  const allowed = ofType(template, 'AWS::SQS::QueuePolicy').flatMap(({ properties }) =>
    (at(properties, 'PolicyDocument', 'Statement') as Record<string, unknown>[])
      .filter(({ Effect }) => Effect === 'Allow')
      .map(({ Action, Condition, Principal, Resource }) => [
        Action,
        plain(template, Resource),
        Principal,
        plain(template, at(Condition, 'ArnEquals', 'aws:SourceArn')),
      ]),
  );
  const sns = { Service: 'sns.amazonaws.com' };
  assert.deepEqual(allowed, [['sqs:SendMessage', 'postern-report', sns, topic.id]]);
});

test('SES alone may publish to the topic, for this account', () => {
  const statements = at(only('AWS::SNS::TopicPolicy').properties, 'PolicyDocument', 'Statement');
  const allowed = (statements as Record<string, unknown>[]).filter(({ Effect }) => Effect === 'Allow');
  assert.deepEqual(
    allowed.map(({ Action, Principal }) => [Action, Principal]),
    [['sns:Publish', { Service: 'ses.amazonaws.com' }]],
  );
  assert.deepEqual(at(allowed[0], 'Condition', 'StringEquals', 'AWS:SourceAccount'), {
    Ref: 'AWS::AccountId',
  });
});
