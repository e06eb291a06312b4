import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Playout } from '../../../instrumentation/sdks/kit/live/playout.ts';

const START = 1_760_000_000_000;

/** A playout and what it said, on a clock that only moves when told to. */
function begin(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let now = START;
  const said: string[] = [];
  const say = (what: string) => (atMs: number) => said.push(`${what} ${Math.round(atMs - START)}`);
  const playout = new Playout(
    { started: say('started'), ended: say('ended'), cleared: say('cleared'), cutOff: say('cut off') },
    () => now,
  );
  const wait = (ms: number): void => {
    for (let i = 0; i < ms; i++) {
      now += 1;
      t.mock.timers.tick(1);
    }
  };
  return { playout, said, wait, queue: (ms: number) => playout.queued(ms, now), now: () => now };
}

describe('a playout', () => {
  it('lasts as long as its audio', (t) => {
    const { said, wait, queue } = begin(t);
    queue(200);
    queue(300);
    wait(1_000);
    assert.deepEqual(said, ['started 0', 'ended 500']);
  });

  it('goes on when audio sent at the pace of speech comes a little late', (t) => {
    const { said, wait, queue } = begin(t);
    for (let i = 0; i < 10; i++) {
      queue(20);
      wait(i === 5 ? 90 : 20);
    }
    wait(1_000);
    assert.deepEqual(said, ['started 0', 'ended 270']);
  });

  it('starts again after a real pause', (t) => {
    const { said, wait, queue } = begin(t);
    queue(100);
    wait(400);
    queue(100);
    wait(400);
    assert.deepEqual(said, ['started 0', 'ended 100', 'started 400', 'ended 500']);
  });

  it('ends when the mark behind its last audio comes back, early or late', (t) => {
    for (const backAfter of [150, 900]) {
      t.mock.timers.reset();
      const { playout, said, wait, queue, now } = begin(t);
      queue(100);
      playout.mark('one');
      queue(100);
      playout.mark('two');
      wait(100);
      playout.echoed('one', now());
      wait(backAfter - 100);
      playout.echoed('two', now());
      wait(5_000);
      assert.deepEqual(said, ['started 0', `ended ${backAfter}`]);
    }
  });

  it('does not wait forever for a mark', (t) => {
    const { playout, said, wait, queue } = begin(t);
    queue(100);
    playout.mark('lost');
    wait(5_000);
    assert.deepEqual(said, ['started 0', 'ended 100']);
  });

  it('goes by its length when audio follows the last mark', (t) => {
    const { playout, said, wait, queue, now } = begin(t);
    queue(100);
    playout.mark('middle');
    queue(200);
    wait(100);
    playout.echoed('middle', now());
    wait(1_000);
    assert.deepEqual(said, ['started 0', 'ended 300']);
  });

  it('is over at a clear, whose marks mean nothing when they come back', (t) => {
    const { playout, said, wait, queue, now } = begin(t);
    queue(500);
    playout.mark('end');
    wait(100);
    playout.clear(now());
    wait(50);
    queue(500);
    playout.mark('end');
    playout.echoed('end', now());
    wait(300);
    assert.deepEqual(said, ['started 0', 'cleared 100', 'started 150']);
    playout.echoed('end', now());
    assert.deepEqual(said.slice(3), ['ended 450']);
  });

  it('says nothing of a clear in silence, of unknown marks and of a close after the end', (t) => {
    const { playout, said, wait, queue, now } = begin(t);
    playout.clear(now());
    playout.echoed('never sent', now());
    queue(100);
    wait(500);
    playout.close(now());
    assert.deepEqual(said, ['started 0', 'ended 100']);
  });

  it('is cut off with its connection, unless it was heard to its end but for a moment', (t) => {
    for (const [seconds, what] of [
      [1_000, 'cut off'],
      [500, 'ended'],
    ] as const) {
      const { playout, said, wait, queue, now } = begin(t);
      queue(seconds);
      wait(300);
      playout.close(now());
      assert.deepEqual(said, ['started 0', `${what} 300`]);
      t.mock.timers.reset();
    }
  });
});
