import { createRequire } from 'node:module';
import { setImmediate } from 'node:timers/promises';
import type { ISerializer } from '@opentelemetry/otlp-transformer';
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import { MIGRATIONS } from '../exporter/generated/migrations.ts';
import { CallSpanProcessor } from '../exporter/processor.ts';
import type { Database, Queryable } from '../exporter/store/database.ts';
import { inBatches, inTurn } from './measure.ts';
import { recordCalls } from './recorded-calls.ts';
import type { BenchResult } from './result.ts';

const CALLS = 200;
const TURNS = 8;
const ROUNDS = 31;
/** What the batch processor exports at once by default. */
const BATCH = 512;
/** What waits after our default 200 ms where 250 spans end in a second: 40 calls or so. */
const SMALL_BATCH = 50;

/** What each side does with the spans of one round, and what became of the last batch. */
interface Side extends Pick<SpanProcessor, 'onEnd' | 'forceFlush' | 'shutdown'> {
  /** Bytes that were made ready to send. The engine must not leave it out as unread. */
  readonly bytes: () => number;
}

/**
 * What a finished span costs the agent's event loop: `CallSpanProcessor` against `BatchSpanProcessor` with OTLP
 * serialisation, of the same spans, up to the bytes that would go to a socket. Nothing is sent on either side.
 */
export async function benchOnEnd(): Promise<BenchResult[]> {
  const spans = recordCalls(CALLS, TURNS);
  const ours = () => callProcessor(spans.length);
  const protobuf = () => batchProcessor(ProtobufTraceSerializer, spans.length);
  const json = () => batchProcessor(JsonTraceSerializer, spans.length);

  const alone = await inTurn(ROUNDS, {
    ours: () => onEndAlone(ours(), spans),
    baseline: () => onEndAlone(protobuf(), spans),
  });
  const cpu = await inTurn(ROUNDS, {
    ours: () => cpuPerSpan(ours(), spans, BATCH),
    protobuf: () => cpuPerSpan(protobuf(), spans, BATCH),
    json: () => cpuPerSpan(json(), spans, BATCH),
    small: () => cpuPerSpan(ours(), spans, SMALL_BATCH),
  });

  const unit = 'µs/span';
  return [
    {
      name: 'onEnd, the call alone',
      ...alone,
      unit,
      note: 'CPU until onEnd returns: both keep the span and read it later',
    },
    {
      name: 'span to bytes',
      ours: cpu.ours,
      baseline: cpu.protobuf,
      unit,
      note: `CPU of the process, garbage collection included, in batches of ${BATCH}; against BatchSpanProcessor with OTLP protobuf`,
    },
    {
      name: 'span to bytes, OTLP JSON',
      ours: cpu.ours,
      baseline: cpu.json,
      unit,
      note: 'the same against OTLP JSON, which exporter-trace-otlp-http sends',
    },
    {
      name: 'span to bytes, small batches',
      ours: cpu.small,
      baseline: cpu.protobuf,
      unit,
      note: `ours in batches of ${SMALL_BATCH}, as our flush of 200 ms makes them in a busy agent; theirs of ${BATCH}, OTLP protobuf`,
    },
  ];
}

/** Microseconds of CPU of `onEnd` itself. What it puts off is done, and not counted. */
async function onEndAlone(side: Side, spans: readonly ReadableSpan[]): Promise<number> {
  await side.forceFlush?.();
  let cpuUs = 0;
  for (const batch of inBatches(spans, BATCH)) {
    const start = process.cpuUsage();
    for (const span of batch) side.onEnd(span);
    cpuUs += cpuSince(start);
    await side.forceFlush?.();
  }
  await finish(side);
  return cpuUs / spans.length;
}

/** Microseconds of CPU for spans that arrive a batch at a time, until all are bytes. */
async function cpuPerSpan(side: Side, spans: readonly ReadableSpan[], size: number): Promise<number> {
  await side.forceFlush?.();
  const start = process.cpuUsage();
  for (const batch of inBatches(spans, size)) {
    for (const span of batch) side.onEnd(span);
    await side.forceFlush?.();
    await setImmediate();
  }
  const cpuUs = cpuSince(start);
  await finish(side);
  return cpuUs / spans.length;
}

/** Of all threads of the process: the compiler's and the garbage collector's work has a cause, too. */
function cpuSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

async function finish(side: Side): Promise<void> {
  await side.shutdown();
  if (side.bytes() === 0) throw new Error('Nothing was made ready to send.');
}

function batchProcessor(serializer: ISerializer<ReadableSpan[], unknown>, capacity: number): Side {
  let bytes = 0;
  const exporter: SpanExporter = {
    export(spans, done) {
      bytes += serializer.serializeRequest(spans)?.length ?? 0;
      done({ code: 0 });
    },
    shutdown: async () => {},
  };
  const processor = new BatchSpanProcessor({
    exporter,
    // A full batch would be serialised inside of onEnd: when it is, is up to the rounds.
    maxQueueSize: capacity + 1,
    maxExportBatchSize: capacity + 1,
    scheduledDelayMillis: 60_000,
  });
  return {
    onEnd: (span) => processor.onEnd(span),
    forceFlush: () => processor.forceFlush(),
    shutdown: () => processor.shutdown(),
    bytes: () => bytes,
  };
}

function callProcessor(capacity: number): Side {
  const database = new NullDatabase();
  const processor = new CallSpanProcessor({
    database,
    bufferSpans: capacity,
    flushInterval: 60_000,
    spoolDir: '/nonexistent/earshot-bench',
  });
  return {
    onEnd: (span) => processor.onEnd(span),
    forceFlush: () => processor.forceFlush(),
    shutdown: () => processor.shutdown(),
    bytes: () => database.bytes,
  };
}

/** How `pg` makes a parameter ready to send. */
const { prepareValue } = createRequire(import.meta.url)('pg/lib/utils') as {
  prepareValue(value: unknown): string | null;
};

/** A migrated database that encodes what it is given as `pg` does, and then forgets it. */
class NullDatabase implements Database {
  bytes = 0;

  async query<Row>(text: string, params: readonly unknown[] = []): Promise<Row[]> {
    for (const value of params) this.bytes += Buffer.from(prepareValue(value) ?? '').length;
    const answer = text.includes('earshot_migrations')
      ? [{ present: true, id: MIGRATIONS.at(-1)?.id }]
      : text.includes('INTO earshot.call_spans')
        ? [{ written: 0 }]
        : [];
    return answer as Row[];
  }

  transaction<Result>(work: (tx: Queryable) => Promise<Result>): Promise<Result> {
    return work(this);
  }

  async close(): Promise<void> {}
}
