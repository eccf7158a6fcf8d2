import assert from 'node:assert/strict';
import test from 'node:test';
import { RepeatedRun } from '../../local/schedule.ts';

test('runs follow one another, never two at once, and a failure does not end them', async () => {
  const faults: string[] = [];
  let running = 0;
  let runs = 0;
  const third = Promise.withResolvers<void>();
  const schedule = new RepeatedRun({
    everySeconds: 0.001,
    firstAfterSeconds: 0.001,
    async run() {
      assert.equal(++running, 1);
      await new Promise(setImmediate);
      running -= 1;
      if (++runs === 3) third.resolve();
      if (runs === 1) throw new Error('no');
    },
    onFault: (what) => faults.push(what),
  });
  await third.promise;
  await schedule.stop();
  const then = runs;
  await new Promise(setImmediate);
  assert.equal(runs, then);
  assert.equal(faults.length, 1);
});

test('a stop before the first run is at once', async () => {
  const schedule = new RepeatedRun({
    everySeconds: 3600,
    firstAfterSeconds: 3600,
    run: () => Promise.reject(new Error('never')),
    onFault: () => assert.fail('It ran.'),
  });
  await schedule.stop();
});
