import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { DEFAULT_LIMITS } from '../exporter/receiver/decode/limits.ts';
import type { Encoding } from '../exporter/receiver/door/answer.ts';
import { readTraceRequest } from '../exporter/receiver/trace-request.ts';
import { ATTR } from '../model/semconv.ts';
import { fuzzOtlp } from '../test/support/fuzz-otlp.ts';
import { attribute, otlpRequest, otlpSpan } from '../test/support/otlp-request.ts';
import type { BenchResult } from './result.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const CASES = Number(process.env.EARSHOT_BENCH_FUZZ_CASES ?? 300);
/** A body is made so long of a case: what a request costs however small it is must not count. */
const BYTES = 1 << 20;
/** What is aimed for, in bytes of heap for a byte of body. */
export const AIM = 6;

interface Shape {
  readonly name: string;
  readonly encoding: Encoding;
  readonly body: Buffer;
}

/**
 * How much memory a body holds from when it is read until it is committed, for each of its bytes: the worst of many bodies
 * of the fuzzer, and of some that are made to be small and to become large.
 */
export async function benchHeapPerByte(): Promise<BenchResult[]> {
  const worst = { fuzzed: { ratio: 0, name: '' }, made: { ratio: 0, name: '' } };
  const look = (kind: keyof typeof worst, shape: Shape) => {
    const ratio = heldBy(shape);
    if (ratio > worst[kind].ratio) worst[kind] = { ratio, name: shape.name };
  };
  for (let number = 0; number < CASES; number += 1) {
    const shape = fuzzed(number);
    if (shape !== undefined) look('fuzzed', shape);
  }
  for (const shape of made()) look('made', shape);
  const line = (name: string, { ratio, name: which }: { ratio: number; name: string }): BenchResult => ({
    name,
    ours: ratio,
    baseline: AIM,
    unit: 'bytes',
    note: `heap after a collection, for a byte of the unpacked body of ${BYTES} bytes or more; the worst was: ${which}; against the aim`,
  });
  return [
    line(`heap per byte, ${CASES} fuzzed bodies`, worst.fuzzed),
    line('heap per byte, bodies made for it', worst.made),
  ];
}

/** Bytes of heap for a byte of the body, with what was read of it; also when it is refused in the middle. */
export function heldBy({ encoding, body }: Shape): number {
  collect();
  const before = process.memoryUsage().heapUsed;
  const held: unknown[] = [];
  try {
    held.push(readTraceRequest(body, encoding, DEFAULT_LIMITS, { captureContent: true }));
  } catch (error) {
    held.push(error);
  }
  collect();
  const bytes = process.memoryUsage().heapUsed - before;
  if (held.length === 0) throw new Error('Nothing was read.');
  return bytes / body.length;
}

/** A case of the fuzzer, again and again in one body; undefined for those that cannot be, or are packed. */
function fuzzed(number: number): Shape | undefined {
  const { how, contentType, contentEncoding, body } = fuzzOtlp(number);
  if (contentEncoding !== undefined || body.length === 0) return undefined;
  const times = Math.ceil(BYTES / body.length);
  const name = `${number}: ${how}`;
  // Messages of protobuf that follow one another are one.
  if (contentType.endsWith('protobuf')) {
    return { name, encoding: 'protobuf', body: Buffer.concat(Array.from({ length: times }, () => body)) };
  }
  const text = body.toString('latin1');
  const list = /^\{"resourceSpans":\[(.*)\]\}$/s.exec(text)?.[1];
  if (list === undefined) return undefined;
  const joined = `{"resourceSpans":[${Array.from({ length: times }, () => list).join()}]}`;
  return { name, encoding: 'json', body: Buffer.from(joined, 'latin1') };
}

/**
 * Bodies that are small and made to become large.
 *
 * @param size - about so many bytes each. (Default: a mebibyte.)
 */
export function* made(size = BYTES): Generator<Shape> {
  const json = (name: string, text: string): Shape => ({ name, encoding: 'json', body: Buffer.from(text) });
  const many = (count: number, text: string) => Array.from({ length: count }, () => text).join();
  yield json('empty objects', `{"a":[${many(size / 3, '{}')}]}`);
  yield json('empty resources', `{"resourceSpans":[${many(size / 3, '{}')}]}`);
  yield json('empty spans', `{"resourceSpans":[{"scopeSpans":[{"spans":[${many(size / 3, '{}')}]}]}]}`);
  const callId = attribute(ATTR.callId, { stringValue: 'C' });
  const spans = (change: object) => {
    const times = Math.ceil(size / JSON.stringify(otlpSpan('C', { ...change })).length);
    return JSON.stringify(otlpRequest(...Array.from({ length: times }, () => otlpSpan('C', { ...change }))));
  };
  yield json('calls and no more', spans({}));
  yield json(
    'short attributes',
    spans({
      attributes: [callId, ...Array.from({ length: 200 }, (_, i) => attribute(`a${i}`, { intValue: 1 }))],
    }),
  );
  for (const letter of ['\\u0000', '\\ud800', '\\n', '\\u00e9']) {
    // The resource's text is every span's.
    const spansOfOne = Array.from({ length: 8 }, () => otlpSpan('C'));
    const request = JSON.stringify(otlpRequest(...spansOfOne)).replace('front-desk', () =>
      letter.repeat(10_000),
    );
    const list = request.slice('{"resourceSpans":['.length, -2);
    yield json(`texts of ${letter}`, `{"resourceSpans":[${many(Math.ceil(size / list.length), list)}]}`);
  }
  yield json('empty events', spans({ events: Array.from({ length: 200 }, () => ({})) }));
  yield json('empty links', spans({ links: Array.from({ length: 200 }, () => ({})) }));
  // A field of length 0 is two bytes.
  const field = (number: number, body: Buffer) => {
    const length: number[] = [];
    let rest = body.length;
    for (; rest > 127; rest >>>= 7) length.push((rest & 127) | 128);
    return Buffer.concat([Buffer.from([(number << 3) | 2, ...length, rest]), body]);
  };
  const empty = (number: number) => Buffer.alloc(size, Buffer.from([(number << 3) | 2, 0]));
  const inSpans = (content: Buffer) => field(1, field(2, content));
  yield { name: 'empty resources, protobuf', encoding: 'protobuf', body: empty(1) };
  yield { name: 'empty spans, protobuf', encoding: 'protobuf', body: inSpans(empty(2)) };
  for (const [name, number] of Object.entries({ attributes: 9, events: 11, links: 13 })) {
    const body = inSpans(field(2, empty(number)));
    yield { name: `empty ${name} of a span, protobuf`, encoding: 'protobuf', body };
  }
}
