import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { selfSigned } from '../../../listener/self-signed.ts';
import { daneProblem, isUsable, readTlsa } from '../../../mail/relay/dane.ts';
import { authority, issued } from '../../builders/certificates.ts';
import { tlsa } from '../../builders/tlsa.ts';

const now = new Date('2027-01-01T00:00:00Z');
const anchor = new X509Certificate(authority);
const own = new X509Certificate(issued.cert);
const stranger = new X509Certificate(selfSigned('mx1.there.example', now).cert);
const [mx1, long] = ['mx1.there.example', new Date('2200-01-01T00:00:00Z')];

interface Case {
  readonly record: Buffer;
  readonly chain: readonly X509Certificate[];
  readonly names?: readonly string[];
  readonly at?: Date;
  readonly problem?: RegExp;
  readonly why: string;
}

const cases: readonly Case[] = [
  { record: tlsa('3 1 1', own), chain: [own], why: 'the usual' },
  { record: tlsa('3 0 1', own), chain: [own], why: 'the whole certificate' },
  { record: tlsa('3 1 2', own), chain: [own], why: 'SHA-512' },
  { record: tlsa('3 1 0', own), chain: [own], why: 'the key itself' },
  { record: tlsa('3 1 1', own), chain: [own], names: ['other.example'], why: 'the name does not matter' },
  { record: tlsa('3 1 1', own), chain: [own], at: long, why: 'nor do dates' },
  { record: tlsa('3 1 1', own), chain: [stranger], problem: /no TLSA record/, why: 'another key' },
  {
    record: tlsa('3 1 1', anchor),
    chain: [own, anchor],
    problem: /no TLSA record/,
    why: 'an end entity only',
  },
  { record: tlsa('2 0 1', anchor), chain: [own, anchor], why: 'an authority of its own' },
  { record: tlsa('2 1 1', anchor), chain: [own, anchor], names: ['x.example', mx1], why: 'one of the names' },
  {
    record: tlsa('2 0 1', anchor),
    chain: [own, anchor],
    names: ['there.example'],
    problem: /not made out/,
    why: 'an authority vouches for names',
  },
  { record: tlsa('2 0 1', anchor), chain: [own, anchor], at: long, problem: /expired/, why: 'and for dates' },
  { record: tlsa('2 0 1', anchor), chain: [own], problem: /no TLSA record/, why: 'it was not shown' },
  {
    record: tlsa('2 0 1', anchor),
    chain: [stranger, anchor],
    problem: /not issued by/,
    why: 'it is shown, and has issued nothing',
  },
  { record: tlsa('3 1 1', own), chain: [], problem: /no certificate/, why: 'nothing' },
];

for (const { record, chain, names = [mx1], at = now, problem, why } of cases)
  test(`${[...record.subarray(0, 3)].join(' ')}: ${why}`, () => {
    const records = [readTlsa(record)!];
    const found = daneProblem({ records, chain, names, now: at });
    if (problem === undefined) assert.equal(found, undefined);
    else assert.match(found ?? 'nothing', problem);
  });

const unusable: readonly [record: Buffer, why: string][] = [
  [tlsa('0 0 1', own), 'PKIX-TA says nothing for SMTP'],
  [tlsa('1 1 1', own), 'PKIX-EE says nothing for SMTP'],
  [tlsa('3 1 1', own).subarray(0, 20), 'a hash cut short'],
  [Buffer.from([3, 2, 1, ...createHash('sha256').digest()]), 'an unknown selector'],
  [Buffer.from([3, 1, 3, 1]), 'an unknown hash'],
  [Buffer.from([3, 1, 0]), 'no data'],
];
for (const [record, why] of unusable)
  test(`not usable: ${why}`, () => {
    assert.equal(isUsable(readTlsa(record)!), false);
  });

test('a record of two octets is none', () => {
  assert.equal(readTlsa(Buffer.from([3, 1])), undefined);
});
