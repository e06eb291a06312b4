import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type SdkStream,
  type Tap,
  tapIterable,
  tapReadable,
  tapResponse,
  tapStream,
} from '../../../instrumentation/sdks/kit/requests/streams.ts';

/** A tap that writes down what it hears, and one that always throws. */
const listening = (heard: unknown[]): Tap<unknown> => ({
  see: (item) => heard.push(item),
  end: () => heard.push('end'),
  cancel: () => heard.push('cancel'),
  fail: (error) => heard.push(String(error)),
});
const fail = (): never => {
  throw new Error('ours');
};
const throwing: Tap<unknown> = { see: fail, end: fail, cancel: fail, fail };

const stream = (items: readonly number[], error?: Error): SdkStream<number> & AsyncIterable<number> => ({
  async *iterator() {
    yield* items;
    if (error) throw error;
  },
  [Symbol.asyncIterator]() {
    return this.iterator();
  },
});
const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
};
const body = (...chunks: string[]) => new Response(ReadableStream.from(chunks.map((c) => Buffer.from(c))));

describe('an SDK stream that is listened to', () => {
  it('gives every item, and then how it ended', async () => {
    const heard: unknown[] = [];
    const items = stream([1, 2]);
    tapStream(items, listening(heard));
    assert.deepEqual(await all(items), [1, 2]);
    assert.deepEqual(heard, [1, 2, 'end']);
  });

  it('gives the reader its own error', async () => {
    const heard: unknown[] = [];
    const error = new Error('theirs');
    const items = stream([1], error);
    tapStream(items, listening(heard));
    await assert.rejects(all(items), error);
    assert.deepEqual(heard.slice(0, 2), [1, 'Error: theirs']);
  });

  it('is not disturbed when we fail', async () => {
    const items = stream([1, 2]);
    tapStream(items, throwing);
    assert.deepEqual(await all(items), [1, 2]);
  });
});

describe('a generator that is listened to', () => {
  async function* items(error?: Error) {
    yield 1;
    yield 2;
    if (error) throw error;
  }

  it('gives every item, and then how it ended', async () => {
    for (const [error, last] of [
      [undefined, 'end'],
      [new Error('theirs'), 'Error: theirs'],
    ] as const) {
      const heard: unknown[] = [];
      const generator = items(error);
      assert.equal(tapIterable(generator, listening(heard)), true);
      if (error) await assert.rejects(all(generator), error);
      else assert.deepEqual(await all(generator), [1, 2]);
      assert.deepEqual(heard, [1, 2, last]);
    }
  });

  it('reports a reader that leaves', async () => {
    const heard: unknown[] = [];
    const generator = items();
    tapIterable(generator, listening(heard));
    for await (const _ of generator) break;
    assert.deepEqual(heard, [1, 'cancel']);
  });

  it('is not disturbed when we fail, and is no other value', async () => {
    const generator = items();
    tapIterable(generator, throwing);
    assert.deepEqual(await all(generator), [1, 2]);
    for (const value of [undefined, 7, 'text', {}, { next: 1 }, [1]])
      assert.equal(tapIterable(value, throwing), false);
  });
});

describe('an object that is read with for await, and listened to', () => {
  it('gives every item, and then how it ended', async () => {
    for (const [read, heard] of [
      [(items: AsyncIterable<number>) => all(items), [1, 2, 'end']],
      [
        async (items: AsyncIterable<number>) => {
          for await (const _ of items) break;
        },
        [1, 'cancel'],
      ],
    ] as const) {
      const said: unknown[] = [];
      const items = stream([1, 2]);
      tapIterable(items, listening(said));
      await read(items);
      assert.deepEqual(said, heard);
    }
  });

  it('gives the reader its own error', async () => {
    const heard: unknown[] = [];
    const error = new Error('theirs');
    const items = stream([1], error);
    tapIterable(items, listening(heard));
    await assert.rejects(all(items), error);
    assert.deepEqual(heard, [1, 'Error: theirs']);
  });

  it('is not disturbed when we fail', async () => {
    const items = stream([1, 2]);
    tapIterable(items, throwing);
    assert.deepEqual(await all(items), [1, 2]);
  });
});

describe('a body that is listened to', () => {
  it('is not locked or used by being looked at', async () => {
    const heard: unknown[] = [];
    const response = tapResponse(body('a', 'b'), listening(heard));
    assert.ok(response.body);
    assert.equal(response.body.locked, false);
    assert.equal(response.bodyUsed, false);
    assert.equal(await response.text(), 'ab');
    assert.equal(response.bodyUsed, true);
    assert.equal(heard.at(-1), 'end');
    await assert.rejects(response.text());
  });

  it('reads no further ahead than its reader', async () => {
    let pulled = 0;
    const source = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          pulled += 1;
          controller.enqueue(new Uint8Array(1));
        },
      },
      { highWaterMark: 0 },
    );
    const reader = tapReadable(source, listening([])).getReader();
    await reader.read();
    assert.equal(pulled, 1);
  });

  it('passes a cancellation on', async () => {
    const heard: unknown[] = [];
    let reason: unknown;
    const source = new ReadableStream<Uint8Array>({
      cancel: (why) => {
        reason = why;
      },
    });
    await tapReadable(source, listening(heard)).cancel('enough');
    assert.equal(reason, 'enough');
    assert.deepEqual(heard, ['cancel']);
  });

  it('passes an error on', async () => {
    const heard: unknown[] = [];
    const source = new ReadableStream<Uint8Array>({
      start: (controller) => controller.error(new Error('theirs')),
    });
    await assert.rejects(all(tapReadable(source, listening(heard))), /theirs/);
    assert.deepEqual(heard, ['Error: theirs']);
  });

  it('is not disturbed when we fail', async () => {
    assert.equal(await tapResponse(body('a', 'b'), throwing).text(), 'ab');
  });

  it('stays absent when there is none', async () => {
    const response = tapResponse(new Response(null, { status: 204 }), listening([]));
    assert.equal(response.body, null);
    assert.equal(await response.text(), '');
  });
});
