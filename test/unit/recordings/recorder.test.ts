import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type LossReason, Recorder } from '../../../instrumentation/sdks/kit/recording/recorder.ts';
import type { RecordingFile } from '../../../instrumentation/sdks/kit/recording/recording-file.ts';

const ZERO_MS = 1_700_000_000_000;
const at = (ms: number) => ZERO_MS + ms;

/** A recorder whose file and clock are the test's. */
function recorder({ write = async () => {} }: { write?: () => Promise<void> } = {}) {
  const written: { from: number; sound: Buffer }[] = [];
  const lost: Partial<Record<LossReason, number>> = {};
  const said: unknown[] = [];
  const state = { reserved: 0, most: Number.POSITIVE_INFINITY, done: undefined as boolean | undefined };
  const file = {
    write: async (from: number, sound: Buffer) => {
      await write();
      written.push({ from, sound });
    },
    writeNow: (from: number, sound: Buffer) => written.push({ from, sound }),
    close: async () => {},
    abandon: async () => {},
  } as unknown as RecordingFile;
  const made = new Recorder({
    startUs: ZERO_MS * 1_000,
    open: async () => file,
    read: (message) => message as { bytes: Uint8Array; sinceMs?: number },
    reserve: (bytes) => {
      if (bytes > 0 && state.reserved + bytes > state.most) return false;
      state.reserved += bytes;
      return true;
    },
    onLost: (seconds, reason) => {
      lost[reason] = (lost[reason] ?? 0) + seconds;
    },
    onFailed: (error) => said.push(error),
    onDone: (whole) => {
      state.done = whole;
    },
  });
  const frame = (byte: number, sinceMs?: number) => ({ bytes: new Uint8Array(160).fill(byte), sinceMs });
  const side = (which: 0 | 1) =>
    Buffer.concat(written.map(({ sound }) => sound)).filter((_, i) => i % 2 === which);
  return { made, written, lost, said, state, frame, side };
}

test('the caller lies by the clock of the stream, however late the network brings it', async () => {
  const { made, frame, side, state, lost } = recorder();
  made.caller(frame(1, 0), 160, at(21));
  made.caller(frame(2, 20), 160, at(300));
  made.caller(frame(3, 40), 160, at(301));
  await turn();
  await made.work(at(500));
  made.close(at(100));
  await made.work(at(520));
  assert.deepEqual(
    [...side(0)].filter((_, i) => i % 160 === 0),
    [1, 2, 3, 0xff, 0xff],
  );
  assert.deepEqual([state.done, state.reserved, lost], [true, 0, {}]);
});

test('what a process that was busy hears of late lies where it was spoken', async () => {
  const { made, frame, side, lost } = recorder();
  // It began 300 ms before: what was spoken since comes at once, and what follows as it is spoken.
  for (let n = 0; n <= 15; n++) made.caller(frame(n + 1, n * 20), 160, at(20));
  made.caller(frame(17, 320), 160, at(40));
  made.close(at(60));
  await turn();
  await made.work(at(100));
  assert.deepEqual(
    [...side(0)].filter((_, i) => i % 160 === 0),
    [16, 17, 0xff],
  );
  assert.deepEqual(lost, {});
});

test('where a process was busy for a moment a recording begins at the instant that it says, too', async () => {
  for (const lateMs of [2, 25, 49, 51]) {
    const { made, frame, side, lost } = recorder();
    // The stream began so much before it was heard of; someone speaks from 200 to 320 ms of it.
    for (let n = 0; n < 40; n++) {
      const spoken = n >= 10 && n < 16;
      const endsMs = (n + 1) * 20 - lateMs;
      made.caller(frame(spoken ? 5 : 9, n * 20), 160, at(Math.max(1, endsMs + (n % 3))));
    }
    made.close(at(700));
    await turn();
    await made.work(at(1_800));
    const left = side(0);
    assert.deepEqual(
      [left.indexOf(5), left.lastIndexOf(5) + 1].map((sample) => sample / 8),
      [200 - lateMs, 320 - lateMs],
    );
    assert.deepEqual(lost, {});
  }
});

test('without such a clock it lies by when it came, and frames are seamless', async () => {
  const { made, frame, side } = recorder();
  made.caller(frame(1), 160, at(25));
  made.caller(frame(2), 160, at(48));
  made.caller(frame(3), 160, at(500));
  made.close(at(600));
  await turn();
  await made.work(at(600));
  const left = side(0);
  assert.deepEqual(
    [1, 2, 3].map((byte) => left.indexOf(byte)),
    [0, 160, 3_840],
  );
});

test('an instant that the stream cannot mean yet is not believed', async () => {
  const { made, frame, side } = recorder();
  made.caller(frame(1, 9e11), 160, at(20));
  made.close(at(40));
  await turn();
  await made.work(at(70));
  assert.equal(side(0).indexOf(1), 0);
  assert.equal(side(0).length, 320);
});

test('what the agent said and was cleared is silent, and what it said then is where it was heard', async () => {
  const { made, frame, side } = recorder();
  for (let i = 0; i < 10; i++) made.agent(frame(5), 160, at(100 + i * 20));
  made.cleared(at(150));
  made.agent(frame(6), 160, at(200));
  await turn();
  made.close(at(300));
  await made.work(at(300));
  const right = side(1);
  assert.deepEqual([right.indexOf(5), right.lastIndexOf(5)], [800, 1199]);
  assert.deepEqual([right.indexOf(6), right.lastIndexOf(6)], [1600, 1759]);
});

test('a disk that is slow holds nothing up: what has no room is lost, by its reason, and the rest is kept', async () => {
  let release = () => {};
  const slow = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { made, frame, lost, state, side } = recorder({ write: () => slow });
  await turn();
  made.caller(frame(1, 0), 160, at(20));
  const first = made.work(at(1_020));
  state.most = 400;
  for (const sinceMs of [20, 40, 60]) made.caller(frame(2, sinceMs), 160, at(1_030));
  assert.ok((lost.buffer_full ?? 0) > 0);
  release();
  await first;
  made.close(at(100));
  await made.work(at(1_100));
  assert.deepEqual(
    [...side(0)].filter((_, i) => i % 160 === 0),
    [1, 2, 0xff, 0xff, 0xff],
  );
  assert.deepEqual([state.done, state.reserved], [false, 0]);
});

test('a disk that is full ends the recording and nothing else: it is told once, and what comes is counted', async () => {
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
  const { made, frame, said, lost, state } = recorder({ write: () => Promise.reject(full) });
  await turn();
  made.caller(frame(1, 0), 160, at(20));
  await made.work(at(1_100));
  made.caller(frame(1, 20), 160, at(40));
  made.agent(frame(1), 160, at(40));
  await made.work(at(2_100));
  made.close(at(3_000));
  made.saveNow(at(3_000));
  assert.deepEqual(said, [full]);
  assert.equal(state.done, false);
  assert.equal(state.reserved, 0);
  assert.ok(Math.abs((lost.disk ?? 0) - 0.03) < 1e-9);
});

test('a process that ends saves what there is, and what was being written again', async () => {
  const { made, frame, written } = recorder({ write: () => new Promise(() => {}) });
  await turn();
  made.caller(frame(1, 0), 160, at(20));
  void made.work(at(1_010));
  made.caller(frame(2, 20), 160, at(1_015));
  made.saveNow(at(1_020));
  assert.deepEqual(
    written.map(({ from, sound }) => [from, sound.length / 2]),
    [[0, 8_160]],
  );
  assert.equal(written[0]?.sound[0], 1);
  assert.equal(written[0]?.sound[320], 2);
});

test('a clock that jumps makes no file of a day at once', async () => {
  const { made, written } = recorder();
  await turn();
  await made.work(at(86_400_000));
  assert.equal(written[0]?.sound.length, 60 * 8_000 * 2);
});
