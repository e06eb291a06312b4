import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AudioClock } from '../../../instrumentation/sdks/kit/live/audio-clock.ts';

const START_MS = 1_760_000_000_000;

describe('the clock of sent audio', () => {
  it('knows nothing before any was sent', () => {
    assert.equal(new AudioClock(8_000).wallMs(0), undefined);
  });

  it('knows nothing before it is told what was sent, and all of it then', () => {
    const clock = new AudioClock();
    clock.sent(160, START_MS + 20);
    assert.deepEqual([clock.seconds, clock.wallMs(0)], [undefined, undefined]);
    clock.isOf(8_000);
    assert.deepEqual([clock.seconds, clock.wallMs(0)], [0.02, START_MS]);
  });

  it('goes back inside the frame: one sent at t holds what was said before t', () => {
    const clock = new AudioClock(8_000);
    clock.sent(160, START_MS + 20);
    clock.sent(160, START_MS + 40);
    assert.equal(clock.wallMs(0), START_MS);
    assert.equal(clock.wallMs(0.03), START_MS + 30);
    assert.equal(clock.wallMs(0.04), START_MS + 40);
    assert.equal(clock.seconds, 0.04);
  });

  it('follows a pause in which nothing was sent', () => {
    const clock = new AudioClock(8_000);
    clock.sent(160, START_MS + 20);
    clock.sent(160, START_MS + 5_040);
    assert.equal(clock.wallMs(0.01), START_MS + 10);
    assert.equal(clock.wallMs(0.03), START_MS + 5_030);
  });

  it('takes a backlog to be spoken when it was sent, and never runs backwards in it', () => {
    const clock = new AudioClock(8_000);
    for (let i = 1; i <= 50; i++) clock.sent(160, START_MS + i / 10);
    assert.ok((clock.wallMs(0.99) ?? 0) >= START_MS + 4.8);
  });

  it('takes live audio that was held back and sent in one burst to be spoken before that', () => {
    const clock = new AudioClock(8_000);
    // 0.7 s waited for the connection; the rest comes as it is spoken, a little unevenly.
    for (let i = 1; i <= 35; i++) clock.sent(160, START_MS + 700);
    for (let i = 36; i <= 100; i++) clock.sent(160, START_MS + i * 20 + (i % 2));
    assert.equal(clock.wallMs(0.3, true), START_MS + 300);
    assert.equal(clock.wallMs(1.5, true), START_MS + 1_500);
    assert.equal(clock.wallMs(0.3), START_MS + 700, 'a recording is spoken when it is sent');
  });

  it('stays inside what it knows', () => {
    const clock = new AudioClock(8_000);
    clock.sent(160, START_MS + 20);
    assert.equal(clock.wallMs(99), START_MS + 20);
    assert.equal(clock.wallMs(Number.NaN), undefined);
  });

  it('counts from zero after a restart', () => {
    const clock = new AudioClock(8_000);
    clock.sent(8_000, START_MS + 1_000);
    clock.restart();
    assert.equal(clock.seconds, 0);
    clock.sent(160, START_MS + 9_020);
    assert.equal(clock.wallMs(0.01), START_MS + 9_010);
  });

  it('forgets the oldest frames and is right about the others', () => {
    const clock = new AudioClock(8_000);
    for (let i = 1; i <= 10_000; i++) clock.sent(160, START_MS + i * 20);
    assert.equal(clock.wallMs(199), START_MS + 199_000);
    assert.equal(clock.wallMs(170), START_MS + 170_000);
  });

  it('never runs backwards, whatever was sent when', () => {
    const frames = fc.array(fc.tuple(fc.integer({ min: 1, max: 4_000 }), fc.integer({ min: 0, max: 500 })), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(frames, (sent) => {
        const clock = new AudioClock(8_000);
        let at = START_MS;
        for (const [bytes, gapMs] of sent) {
          at += gapMs;
          clock.sent(bytes, at);
        }
        let before = Number.NEGATIVE_INFINITY;
        const seconds = clock.seconds ?? Number.NaN;
        for (let position = 0; position <= seconds; position += seconds / 97) {
          const wall = clock.wallMs(position) ?? Number.NaN;
          assert.ok(wall >= before && wall <= at);
          before = wall;
        }
      }),
    );
  });
});
