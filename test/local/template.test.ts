import assert from 'node:assert/strict';
import test from 'node:test';
import { type Json, Template } from '../../local/template.ts';

const document = {
  Resources: {
    Table: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 'postern-spool' } },
    Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: { 'Fn::Sub': '${AWS::StackName}-route' } } },
    Bucket: { Type: 'AWS::S3::Bucket' },
    Vpc: { Type: 'AWS::EC2::VPC' },
  },
};
const template = new Template(document, { stack: 'postern', queueUrl: (name) => `http://queues/${name}` });

const good: [value: Json, is: Json, why: string][] = [
  [{ Ref: 'Table' }, 'postern-spool', 'a table is its name'],
  [{ Ref: 'Queue' }, 'http://queues/postern-route', 'a queue is its URL'],
  [{ Ref: 'Bucket' }, 'postern-bucket', 'what has no name is called after its id'],
  [{ 'Fn::GetAtt': ['Table', 'Arn'] }, 'arn:aws:dynamodb:us-east-1:000000000000:table/postern-spool', 'ARN'],
  [{ 'Fn::GetAtt': ['Queue', 'QueueName'] }, 'postern-route', 'attribute'],
  [
    { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':s3:::', { Ref: 'Bucket' }, '/spool/*']] },
    'arn:aws:s3:::postern-bucket/spool/*',
    'join',
  ],
  [
    { 'Fn::Sub': '${Table.Arn}/index/*' },
    'arn:aws:dynamodb:us-east-1:000000000000:table/postern-spool/index/*',
    'sub',
  ],
  [
    { 'Fn::Sub': ['${Here} ${!Here}', { Here: { Ref: 'AWS::Region' } }] },
    'us-east-1 ${Here}',
    'sub with names',
  ],
  [
    [{ Ref: 'Table' }, { a: { Ref: 'AWS::AccountId' } }, 5],
    ['postern-spool', { a: '000000000000' }, 5],
    'within',
  ],
  [{ Ref: 'Table', other: 1 }, { Ref: 'Table', other: 1 }, 'two keys make no intrinsic'],
];

for (const [value, is, why] of good)
  test(`${why}: ${JSON.stringify(value)}`, () => assert.deepEqual(template.resolve(value, 'here'), is));

const bad: [value: Json, message: RegExp][] = [
  [{ 'Fn::ImportValue': 'x' }, /^here uses Fn::ImportValue, which is not known/],
  [{ Ref: 'Nobody' }, /^here refers to Nobody, which is not in the template/],
  [{ 'Fn::GetAtt': ['Table', 'Colour'] }, /^here uses the attribute Colour of Table/],
  [{ Ref: 'Vpc' }, /^Vpc is a AWS::EC2::VPC, which has no name/],
];

for (const [value, message] of bad)
  test(`${JSON.stringify(value)} is refused with its place`, () =>
    assert.throws(() => template.resolve(value, 'here'), { name: 'TemplateError', message }));
