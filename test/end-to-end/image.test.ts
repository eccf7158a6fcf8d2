/** The listener's image: built, and run as Fargate runs it: not root, nothing to write to but the volume for staging. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestGateway } from '../builders/gateway.ts';
import { buildImage, type Image, noImageHere } from '../builders/image.ts';
import { type ListenerCommand, startListenerProcess } from '../builders/listener-process.ts';
import { greeted } from '../listener/client.ts';

/** A mount namespace of its own: the root read-only, a volume at /staging, then the image's own command as its user. */
function contained({ root, command, environment }: Image): ListenerCommand {
  const script = [
    'set -e',
    'mount --bind "$ROOT" "$ROOT"',
    'mount -t tmpfs -o size=64m,uid=1000,gid=1000 staging "$ROOT/staging"',
    'mount --bind /proc "$ROOT/proc"',
    'mount -o remount,ro,bind "$ROOT"',
    'cd "$ROOT"',
    'exec chroot --userspec=1000:1000 . /bin/sh -c "cd /app && exec $COMMAND"',
  ].join('\n');
  return (variables) => [
    'unshare',
    ['--mount', 'sh', '-c', script],
    {
      ...environment,
      ...variables,
      ROOT: root,
      COMMAND: command.join(' '),
      // Node's own word on what it found compiled.
      NODE_DEBUG_NATIVE: 'COMPILE_CACHE',
      PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
    },
  ];
}

const skip = noImageHere() ?? false;

test('the image takes mail where nothing can be written but its volume', { skip }, async (t) => {
  await using image = await buildImage();

  await t.test('it is small, and not root’s', () => {
    assert.ok(image.megabytes <= 200, `${image.megabytes} MB`);
    assert.equal(image.user, 'node');
    t.diagnostic(`${image.megabytes} MB`);
  });

  const gateway = await startTestGateway(t);
  const listener = await startListenerProcess(t, gateway, contained(image));
  const { wellIn, startedIn } = listener;
  t.diagnostic(`healthy after ${Math.round(wellIn)} ms, takes connections after ${Math.round(startedIn)} ms`);

  await t.test('it starts from what was compiled when it was built', () =>
    assert.match(listener.said(), /V8 code cache for ESM file:\/\/\/app\/main\.mjs was accepted/),
  );

  await t.test('it is healthy, and takes a message larger than its memory keeps', async () => {
    assert.equal(await listener.health(), 200);
    const client = await greeted(listener.ports.smtp);
    await client.askAll('MAIL FROM:<you@elsewhere.example>', 'RCPT TO:<alice@acme.example>');
    const body = `Subject: large\r\n\r\n${'x'.repeat(900)}\r\n${`${'y'.repeat(900)}\r\n`.repeat(600)}`;
    assert.match(await client.deliver(body), /^250 /);
    assert.equal((await gateway.mail('mail/alice'))[0]?.subject, 'large');
    client.close();
  });

  await t.test('SIGTERM reaches Node: what is in DATA is finished', async () => {
    const client = await greeted(listener.ports.smtp);
    await client.askAll('MAIL FROM:<you@elsewhere.example>', 'RCPT TO:<alice@acme.example>', 'DATA');
    const stopped = listener.stop();
    while ((await listener.health()) === 200);
    assert.match(await client.ask('Subject: last\r\n\r\nHello.\r\n.'), /^250 /);
    assert.equal(await stopped, 0);
    assert.equal((await gateway.mail('mail/alice', 2))[1]?.subject, 'last');
  });
});
