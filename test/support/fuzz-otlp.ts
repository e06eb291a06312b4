import { gzipSync } from 'node:zlib';
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { createRandom } from '../../demo/simulators/random.ts';
import { conversation } from './conversation.ts';

/** A request that is probably wrong, and always the same for its seed. */
export interface FuzzCase {
  /** What was done to it, for the report of a failure. */
  readonly how: string;
  readonly contentType: string;
  readonly contentEncoding?: string;
  readonly body: Buffer;
}

type Draw = (below: number) => number;
type Mutation = (body: Buffer, draw: Draw) => Buffer;

const JSON_TYPE = 'application/json';
const PROTOBUF_TYPE = 'application/x-protobuf';

const cut: Mutation = (body, draw) => body.subarray(0, draw(body.length));
const splice = (body: Buffer, at: number, remove: number, insert: Uint8Array): Buffer =>
  Buffer.concat([body.subarray(0, at), insert, body.subarray(at + remove)]);

/** A varint of up to eleven bytes: lengths beyond any body, and encodings that are too long. */
const hugeVarint = (draw: Draw) =>
  Buffer.from([...Array.from({ length: 4 + draw(7) }, () => 0x80 | draw(128)), draw(128)]);

const BYTES: Readonly<Record<string, Mutation>> = {
  'one bit turned': (body, draw) => {
    const copy = Buffer.from(body);
    const at = draw(copy.length);
    copy[at] = (copy[at] ?? 0) ^ (1 << draw(8));
    return copy;
  },
  'bytes replaced': (body, draw) => {
    const copy = Buffer.from(body);
    for (let count = 1 + draw(16); count > 0; count -= 1) copy[draw(copy.length)] = draw(256);
    return copy;
  },
  'cut off': cut,
  'a piece taken out': (body, draw) => splice(body, draw(body.length), draw(40), Buffer.alloc(0)),
  'a piece doubled': (body, draw) => {
    const at = draw(body.length);
    return splice(body, draw(body.length), 0, body.subarray(at, at + draw(200)));
  },
  'huge varint': (body, draw) => splice(body, draw(body.length), draw(3), hugeVarint(draw)),
  'invalid UTF-8': (body, draw) =>
    splice(body, draw(body.length), 1, Buffer.from([0xc3, 0x28, 0xff, 0xed, 0xa0, 0x80])),
  NULs: (body, draw) => splice(body, draw(body.length), draw(4), Buffer.alloc(1 + draw(20))),
  noise: (_, draw) => Buffer.from(Array.from({ length: draw(600) }, () => draw(256))),
  'deep groups': (_, draw) => Buffer.alloc(1 + draw(20_000), 0x0b),
  'deep messages': (_, draw) => {
    let body = Buffer.from([0x0a, 0x00]);
    const tags = [0x0a, 0x12, 0x2a, 0x32, 0x4a, 0x5a];
    for (let depth = draw(400); depth > 0; depth -= 1) {
      const length = body.length;
      const size =
        length < 128
          ? [length]
          : [
              (length & 127) | 128,
              ...(length < 16_384 ? [length >> 7] : [((length >> 7) & 127) | 128, length >> 14]),
            ];
      body = Buffer.concat([Buffer.from([tags[draw(tags.length)] ?? 0x0a, ...size]), body]);
    }
    return body;
  },
};

const WRONG = [
  null,
  true,
  -1,
  1.5,
  1e308,
  '',
  'x',
  '-9223372036854775809',
  '1e999',
  'NaN',
  [],
  {},
  [[]],
  { value: {} },
] as const;

/** Every place of a JSON value that can be changed: its holder and its key. */
function* places(value: unknown): Generator<[Record<string, unknown>, string]> {
  if (typeof value !== 'object' || value === null) return;
  const holder = value as Record<string, unknown>;
  for (const key of Object.keys(holder)) {
    yield [holder, key];
    yield* places(holder[key]);
  }
}

const onJson =
  (change: (holder: Record<string, unknown>, key: string, draw: Draw) => void): Mutation =>
  (body, draw) => {
    const json = JSON.parse(body.toString()) as unknown;
    const all = [...places(json)];
    for (let count = 1 + draw(3); count > 0; count -= 1) {
      const place = all[draw(all.length)];
      if (place !== undefined) change(...place, draw);
    }
    return Buffer.from(JSON.stringify(json));
  };

const JSONS: Readonly<Record<string, Mutation>> = {
  'wrong type': onJson((holder, key, draw) => {
    holder[key] = WRONG[draw(WRONG.length)];
  }),
  'field taken out': onJson((holder, key) => {
    delete holder[key];
  }),
  'field renamed': onJson((holder, key, draw) => {
    holder[['__proto__', 'constructor', 'toString', 'x'][draw(4)] ?? 'x'] = holder[key];
    delete holder[key];
  }),
  'list repeated': onJson((holder, key, draw) => {
    const list = holder[key];
    if (Array.isArray(list)) holder[key] = Array.from({ length: draw(40) }, () => list).flat();
  }),
  'deep value': (body, draw) => {
    const depth = draw(3_000);
    const [open, close] = [
      ['{"arrayValue":{"values":[', ']}}'],
      ['{"kvlistValue":{"values":[{"key":"k","value":', '}]}}'],
      ['[', ']'],
    ][draw(3)] as [string, string];
    const deep =
      open.repeat(depth) + (open === '[' ? '' : '{}') + close.repeat(draw(2) === 0 ? depth : draw(depth + 1));
    return Buffer.from(body.toString().replace(/\{"stringValue":"[^"]*"\}/, () => deep));
  },
  'long text': (body, draw) => {
    const text = ['x', '\\u0000', '\\ud800', '\\n', '👋'][draw(5)] ?? 'x';
    return Buffer.from(
      body.toString().replace(/"stringValue":"[^"]*"/, () => `"stringValue":"${text.repeat(draw(20_000))}"`),
    );
  },
};

const SEEDS = seeds();

function seeds(): { protobuf: Buffer; json: Buffer } {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  for (const { end } of conversation(provider.getTracer('earshot'), 'FUZZ', 1)) end();
  const spans = exporter.getFinishedSpans();
  return {
    protobuf: Buffer.from(ProtobufTraceSerializer.serializeRequest(spans) ?? []),
    json: Buffer.from(JsonTraceSerializer.serializeRequest(spans) ?? []),
  };
}

/** The request with this number. */
export function fuzzOtlp(number: number): FuzzCase {
  const random = createRandom(number, 'fuzz-otlp');
  const draw: Draw = (below) => Math.floor(random.between(0, Math.max(1, below)));
  const json = draw(2) === 0;
  const mutations = Object.entries(json ? { ...BYTES, ...JSONS } : BYTES);
  const [how, mutate] = mutations[draw(mutations.length)] ?? ['cut off', cut];
  const body = mutate(json ? SEEDS.json : SEEDS.protobuf, draw);
  // Now and then under the other one's name, packed, packed and cut off, or said to be packed.
  const contentType = (draw(20) === 0 ? !json : json) ? JSON_TYPE : PROTOBUF_TYPE;
  const name = `${json ? 'JSON' : 'protobuf'}, ${how}`;
  switch (draw(8)) {
    case 0:
      return {
        how: `${name}, gzip`,
        contentType,
        contentEncoding: 'gzip',
        body: gzipSync(body, { level: 1 }),
      };
    case 1: {
      const packed = gzipSync(body, { level: 1 });
      return { how: `${name}, gzip cut off`, contentType, contentEncoding: 'gzip', body: cut(packed, draw) };
    }
    case 2:
      return { how: `${name}, no gzip`, contentType, contentEncoding: 'gzip', body };
    default:
      return { how: name, contentType, body };
  }
}
