import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sesSender, type RawMail, type SesAnswer } from '../../../aws/ses.ts';
import { messageText, outboundDelivery, recipient } from '../../builders/outbound.ts';
import { lineTo, outcomesOf } from '../../builders/outbound-line.ts';

const anna = 'anna@there.example';
const took: SesAnswer = { outcome: 'relayed', text: 'ses-1' };

test('a message leaves whole, with its edits, in one call', async () => {
  const { calls, line } = ses(took);
  const edits = [{ op: 'prepend', field: 'Received: by us' } as const];
  const attempt = await line.send(outboundDelivery({ edits }));
  assert.deepEqual(outcomesOf(attempt), { [anna]: 'relayed', 'carl@there.example': 'relayed' });
  assert.match(attempt.results[0]!.reply, /as ses-1$/);
  assert.deepEqual(
    calls.map(({ from, to }) => [from, to]),
    [['bob@acme.example', [anna, 'carl@there.example']]],
  );
  assert.equal(Buffer.from(calls[0]!.bytes).toString(), `Received: by us\r\n${messageText}`);
});

test('mail that must be passed on under TLS does not leave by SES, which cannot be told', async () => {
  const { calls, line } = ses(took);
  const { results } = await line.send(outboundDelivery({ requireTls: true }));
  assert.match(results[0]?.reply ?? '', /^550 5\.7\.30 /);
  assert.deepEqual([results[0]?.outcome, calls.length], ['failed', 0]);
});

test('no call has more than 50 recipients, and each call has its own outcome', async () => {
  const { calls, line } = ses(took, { outcome: 'waiting', text: 'Throttling: slow down' });
  const recipients = Array.from({ length: 70 }, (_, n) => recipient(`p${n}@there.example`));
  const { results } = await line.send(outboundDelivery({ recipients }));
  assert.deepEqual(
    calls.map(({ to }) => to.length),
    [50, 20],
  );
  assert.deepEqual([results[49]?.outcome, results[50]?.outcome], ['relayed', 'waiting']);
});

test('what SES took is found again by its name, and a pointer that fails sends nothing twice', async () => {
  const pointers: string[] = [];
  const { calls, line } = ses(took, { ...took, text: 'ses-2' }, took);
  const write = (sesId: string, { message, part }: { message: string; part: string }): Promise<void> => {
    pointers.push(`${sesId} ${message} ${part}`);
    return Promise.reject(new Error('throttled'));
  };
  await using pointing = lineTo('ses', { transport: 'ses', ses: line.sender, pointers: { write } });
  const recipients = Array.from({ length: 70 }, (_, n) => recipient(`p${n}@there.example`));
  const { results } = await pointing.send(outboundDelivery({ message: 'm-1', recipients }));
  assert.ok(results.every(({ outcome }) => outcome === 'relayed'));
  assert.deepEqual(pointers, ['ses-1 m-1 d#0001', 'ses-2 m-1 d#0001']);
  assert.equal(calls.length, 2);
});

test('what holds up one message holds up all: the hop is closed until the next probe', async () => {
  const slow = ses({ outcome: 'waiting', text: 'Throttling: Daily message quota exceeded.' });
  assert.equal((await slow.line.send()).hop, 'down');
  const refusing = ses({ outcome: 'failed', text: 'no' });
  assert.equal((await refusing.line.send()).hop, 'answered');
});

test('a sender that is not verified is told what could be done', async () => {
  const message =
    'Email address is not verified. The following identities failed the check in region X: a@b.example';
  const error = Object.assign(new Error(message), { name: 'MessageRejected' });
  const sender = sesSender({ send: () => Promise.reject(error) });
  await using line = lineTo('ses', { transport: 'ses', ses: sender });
  const { results } = await line.send();
  assert.match(results[0]!.reply, /a@b\.example; verify the sender’s domain .*routing\.relayHost/);
});

test('a report leaves as the postmaster: SES knows no null sender', async () => {
  const { calls, line } = ses(took);
  await line.send(outboundDelivery({ from: '' }));
  assert.equal(calls[0]?.from, 'postmaster@acme.example');
});

test('larger mail fails at once, with the way out', async () => {
  const { calls, line } = ses(took);
  const attempt = await line.send(outboundDelivery({ size: 10_240 * 1024 + 1 }));
  assert.deepEqual([attempt.results[0]?.outcome, attempt.results[0]?.failure], ['failed', 'size']);
  assert.match(attempt.results[0]!.reply, /routing\.sesMaximumSize.*SMTP endpoint/);
  assert.equal(calls.length, 0);
});

const answers: readonly [error: string, outcome: string, why: string][] = [
  ['MessageRejected', 'failed', 'a sender that is not verified'],
  ['MailFromDomainNotVerifiedException', 'failed', 'its domain is not verified'],
  ['InvalidParameterValue', 'failed', 'an address that SES does not take'],
  ['Throttling', 'waiting', 'too fast'],
  ['AccountSendingPausedException', 'waiting', 'somebody must act, meanwhile it waits'],
  ['ConfigurationSetDoesNotExistException', 'waiting', 'our own mistake'],
  ['AccessDenied', 'waiting', 'a right that is missing'],
  ['TimeoutError', 'waiting', 'no answer'],
];
for (const [name, outcome, why] of answers)
  test(`SES says ${name}: ${why}`, async () => {
    const error = Object.assign(new Error('Email address is not verified.'), { name });
    const sender = sesSender({ send: () => Promise.reject(error) });
    await using line = lineTo('ses', { transport: 'ses', ses: sender });
    const attempt = await line.send();
    assert.equal(outcomesOf(attempt)[anna], outcome);
    assert.match(attempt.results[0]!.reply, /Email address is not verified/);
  });

test('what is sent too fast is tried again within seconds, and closes nothing when that does not help', async () => {
  const tooFast = sdkError('Throttling', 'Maximum sending rate exceeded.');
  const breaths: number[] = [];
  const pause = (milliseconds: number): Promise<void> => Promise.resolve(void breaths.push(milliseconds));
  const sent = scripted([tooFast, tooFast, 'ses-1']);
  await using line = lineTo('ses', { transport: 'ses', ses: sent.sender, pause });
  assert.deepEqual(outcomesOf(await line.send()), { [anna]: 'relayed', 'carl@there.example': 'relayed' });
  assert.deepEqual(breaths, [500, 1_000]);
  const never = scripted([], tooFast);
  await using busy = lineTo('ses', { transport: 'ses', ses: never.sender });
  const attempt = await busy.send();
  assert.deepEqual([outcomesOf(attempt)[anna], attempt.hop, never.calls.length], ['waiting', 'answered', 6]);
  assert.match(attempt.results[0]!.reply, /^451 4\.3\.2 .*Throttling: Maximum sending rate exceeded\.$/);
});

test('a quota of the day is asked once, whatever the number of recipients', async () => {
  const used = scripted([], sdkError('Throttling', 'Daily message quota exceeded.'));
  await using line = lineTo('ses', { transport: 'ses', ses: used.sender });
  const { results, hop } = await line.send(outboundDelivery({ recipients: people(100) }));
  assert.deepEqual([used.calls.length, results.length, hop], [1, 100, 'down']);
  assert.ok(results.every(({ outcome }) => outcome === 'waiting'));
});

test('an account under review refuses no mail for good', async () => {
  const suspended = scripted([], sdkError('MessageRejected', 'Sending suspended for this account.'));
  await using line = lineTo('ses', { transport: 'ses', ses: suspended.sender });
  const attempt = await line.send();
  assert.deepEqual([outcomesOf(attempt)[anna], attempt.hop], ['waiting', 'down']);
});

test('one address that SES does not take costs nobody else the message', async () => {
  const odd = 'p17@there.example';
  const picky = sdkError('InvalidParameterValue', 'Domain contains illegal character');
  const some = scripted([], ({ to }) => (to.includes(odd) ? picky : 'ses-1'));
  await using line = lineTo('ses', { transport: 'ses', ses: some.sender });
  const { results } = await line.send(outboundDelivery({ recipients: people(50) }));
  const failed = results.filter(({ outcome }) => outcome === 'failed').map(({ address }) => address);
  assert.deepEqual([failed, results.length], [[odd], 50]);
  const reached = some.calls.filter(({ to }) => !to.includes(odd)).flatMap(({ to }) => to);
  assert.deepEqual([reached.length, new Set(reached).size], [49, 49], 'each once');
});

test('in the sandbox only those fail who are not verified, and are told why', async () => {
  const said =
    'Email address is not verified. The following identities failed the check in region EU-WEST-1: ';
  const sandbox = scripted([], ({ to }) =>
    to.includes(anna) ? sdkError('MessageRejected', `${said}Anna <${anna}>`) : 'ses-1',
  );
  await using line = lineTo('ses', { transport: 'ses', ses: sandbox.sender });
  const attempt = await line.send();
  assert.deepEqual(outcomesOf(attempt), { [anna]: 'failed', 'carl@there.example': 'relayed' });
  assert.match(attempt.results[0]!.reply, /sandbox .*production access/);
  const sender = scripted([], sdkError('MessageRejected', `${said}bob@acme.example, ${anna}`));
  await using unverified = lineTo('ses', { transport: 'ses', ses: sender.sender });
  assert.match((await unverified.send()).results[0]!.reply, /verify the sender’s domain/);
  assert.equal(sender.calls.length, 1, 'nobody of them would fare better');
});

test('addresses beyond ASCII are not shown to SES', async () => {
  const { calls, line } = ses(took);
  const recipients = [recipient('jürgen@there.example'), recipient(anna)];
  const attempt = await line.send(outboundDelivery({ recipients }));
  assert.deepEqual(outcomesOf(attempt), { 'jürgen@there.example': 'failed', [anna]: 'relayed' });
  assert.match(attempt.results[0]!.reply, /^550 5\.6\.7 /);
  assert.deepEqual(calls[0]?.to, [anna]);
  const from = await line.send(outboundDelivery({ from: 'jürgen@acme.example' }));
  assert.deepEqual([outcomesOf(from)[anna], calls.length], ['failed', 1]);
});

function people(count: number) {
  return Array.from({ length: count }, (_, n) => recipient(`p${n}@there.example`));
}

function sdkError(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

type Spoken = string | Error;

/** The SDK's client as SES would let it answer: a message id, or an error. */
function scripted(first: readonly Spoken[], then: Spoken | ((call: { to: string[] }) => Spoken) = 'ses-1') {
  const calls: { to: string[] }[] = [];
  const send = ({ input }: { input: { Destinations?: string[] } }): Promise<{ MessageId: string }> => {
    const call = { to: input.Destinations ?? [] };
    const said = first[calls.push(call) - 1] ?? (typeof then === 'function' ? then(call) : then);
    return typeof said === 'string' ? Promise.resolve({ MessageId: said }) : Promise.reject(said);
  };
  return { calls, sender: sesSender({ send } as Parameters<typeof sesSender>[0]) };
}

function ses(...answers: SesAnswer[]) {
  const calls: RawMail[] = [];
  const send = (mail: RawMail): Promise<SesAnswer> => {
    calls.push(mail);
    return Promise.resolve(answers[calls.length - 1] ?? took);
  };
  const sender = { send };
  return { calls, line: { ...lineTo('ses', { transport: 'ses', ses: sender }), sender } };
}
