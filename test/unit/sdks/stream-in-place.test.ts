import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tapInPlace } from '../../../instrumentation/sdks/kit/requests/stream-in-place.ts';

/** A stream of numbers that is listened to, and what was heard of it. */
function tapped(numbers: readonly number[], error?: Error) {
  const heard: unknown[] = [];
  let cancelled: unknown;
  const queue = [...numbers];
  const stream = new ReadableStream<number>(
    {
      pull: (controller) => {
        const next = queue.shift();
        if (next !== undefined) controller.enqueue(next);
        else if (error) controller.error(error);
        else controller.close();
      },
      cancel: (reason) => {
        cancelled = reason;
      },
    },
    { highWaterMark: 0 },
  );
  tapInPlace(stream, {
    see: (item) => heard.push(item),
    end: () => heard.push('end'),
    cancel: () => heard.push('cancel'),
    fail: (failure) => heard.push(failure),
  });
  return { stream, heard, cancelled: () => cancelled };
}

const collect = async (stream: AsyncIterable<number>): Promise<number[]> => {
  const items: number[] = [];
  for await (const item of stream) items.push(item);
  return items;
};

describe('a stream that is listened to in place', () => {
  it('gives the same through each of its methods', async () => {
    const double = () =>
      new TransformStream<number, number>({ transform: (item, out) => out.enqueue(2 * item) });
    const reads: readonly ((stream: ReadableStream<number>) => Promise<unknown>)[] = [
      collect,
      (stream) => collect(stream.values()),
      async (stream) => (await collect(stream.pipeThrough(double()))).map((item) => item / 2),
      (stream) => collect(stream.tee()[0]),
      async (stream) => {
        const items: number[] = [];
        await stream.pipeTo(new WritableStream({ write: (item) => void items.push(item) }));
        return items;
      },
    ];
    for (const read of reads) {
      const { stream, heard } = tapped([1, 2, 3]);
      assert.deepEqual(await read(stream), [1, 2, 3]);
      assert.deepEqual(heard, [1, 2, 3, 'end']);
    }
  });

  it('reads nothing ahead, and is locked when it is read', async () => {
    const { stream, heard } = tapped([1, 2]);
    assert.equal(stream.locked, false);
    const reader = stream.getReader();
    assert.equal(stream.locked, true);
    assert.deepEqual(heard, []);
    assert.equal((await reader.read()).value, 1);
    assert.deepEqual(heard, [1]);
  });

  it('passes on why it was left, and its error', async () => {
    const left = tapped([1, 2]);
    await left.stream.cancel('enough');
    assert.equal(left.cancelled(), 'enough');
    assert.deepEqual(left.heard, ['cancel']);
    const error = new Error('broken');
    const broken = tapped([1], error);
    await assert.rejects(collect(broken.stream), error);
    assert.deepEqual(broken.heard, [1, error]);
  });
});
