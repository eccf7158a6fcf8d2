import assert from 'node:assert/strict';
import { test } from 'node:test';
import { obstacleToLogin } from '../../../mail/relay/login.ts';

const far = '9.0.0.1';
const auth = ['CRAM-MD5', 'PLAIN'];
const unverified = { verified: false, problem: 'it has expired' };

const cases: readonly [
  address: string,
  tls: { verified: boolean } | undefined,
  auth: string[],
  obstacle: RegExp | undefined,
  why: string,
][] = [
  [far, { verified: true }, auth, undefined, 'TLS with a verified certificate'],
  [far, undefined, auth, /only under TLS/, 'in clear'],
  [far, unverified, auth, /verified certificate \(it has expired\)/, 'anybody’s certificate'],
  ['127.0.0.1', undefined, auth, undefined, 'loopback in clear'],
  ['::1', unverified, ['LOGIN'], undefined, 'loopback under any certificate'],
  ['10.0.0.1', undefined, auth, /only under TLS/, 'a private network is not loopback'],
  [far, { verified: true }, ['CRAM-MD5'], /neither AUTH PLAIN nor AUTH LOGIN/, 'no mechanism of ours'],
];

for (const [address, tls, mechanisms, obstacle, why] of cases)
  test(`login at ${address}: ${why}`, () => {
    const found = obstacleToLogin({ address, ...(tls && { tls }), extensions: { auth: mechanisms } });
    if (obstacle === undefined) assert.equal(found, undefined);
    else assert.match(found ?? '', obstacle);
  });
