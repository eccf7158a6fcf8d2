import assert from 'node:assert/strict';
import test from 'node:test';
import { failedRecords, sqsEvent } from '../../local/sqs-event.ts';

const ids = ['a', 'b'];
const failing = (...named: unknown[]) => ({
  batchItemFailures: named.map((itemIdentifier) => ({ itemIdentifier })),
});

const answers: [answer: unknown, failed: string[], why: string][] = [
  [undefined, [], 'no answer'],
  [null, [], 'null'],
  [{}, [], 'an empty answer'],
  ['done', [], 'an answer about something else'],
  [{ batchItemFailures: null }, [], 'a null list'],
  [{ batchItemFailures: [] }, [], 'an empty list'],
  [failing('b'), ['b'], 'one of the batch'],
  [failing('b', 'b'), ['b'], 'named twice'],
  [failing('c'), ids, 'an id that is not of the batch'],
  [failing('a', 'c'), ids, 'one known, one not'],
  [failing(''), ids, 'an empty id'],
  [failing(null), ids, 'a null id'],
  [{ batchItemFailures: [{ id: 'a' }] }, ids, 'a key of another name'],
  [{ batchItemFailures: ['a'] }, ids, 'entries that are no objects'],
  [{ batchItemFailures: 'a' }, ids, 'no list'],
];

for (const [answer, failed, why] of answers)
  test(`${why}: ${JSON.stringify(answer)}`, () =>
    assert.deepEqual([...failedRecords(answer, ids)].sort(), failed));

test('a record looks as Lambda makes it', () => {
  const message = {
    MessageId: '1',
    ReceiptHandle: 'r',
    Body: 'b',
    MD5OfBody: 'm',
    Attributes: { ApproximateReceiveCount: '2' },
    MessageAttributes: { n: { DataType: 'Binary', BinaryValue: new Uint8Array([1, 2]) } },
  };
  assert.deepEqual(sqsEvent([message], 'arn:q'), {
    Records: [
      {
        messageId: '1',
        receiptHandle: 'r',
        body: 'b',
        md5OfBody: 'm',
        attributes: { ApproximateReceiveCount: '2' },
        messageAttributes: {
          n: {
            dataType: 'Binary',
            stringValue: undefined,
            binaryValue: 'AQI=',
            stringListValues: [],
            binaryListValues: [],
          },
        },
        eventSource: 'aws:sqs',
        eventSourceARN: 'arn:q',
        awsRegion: 'us-east-1',
      },
    ],
  });
});
