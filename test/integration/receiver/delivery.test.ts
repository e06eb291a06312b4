import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  type SpanExporter,
  type SpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { CallSpanProcessor } from '../../../exporter/processor.ts';
import { type Database, openPostgres } from '../../../exporter/store/index.ts';
import { conversation, KEEPS_CONVERSATIONS } from '../../support/conversation.ts';
import { otlpRequest, otlpSpan, post } from '../../support/otlp-request.ts';
import { startReceiver, untilReady } from '../../support/otlp-server.ts';
import { poll } from '../../support/poll.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { connect, journalSize, rowsOf } from '../../support/processors.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

let postgres: TestPostgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

const resource = resourceFromAttributes({ 'service.name': 'front-desk' });

/** Makes the call and sends its spans through the processor. */
async function call(spanProcessor: SpanProcessor, callId: string): Promise<void> {
  const provider = new TracerProvider({ resource, spanProcessors: [spanProcessor] });
  for (const { end } of conversation(provider.getTracer('earshot'), callId, 3)) end();
  await provider.forceFlush();
  await provider.shutdown();
}

/** A call's rows without what says who wrote them, when, and which trace it was. */
async function comparable(db: Database, callId: string): Promise<unknown> {
  const { metrics, logs } = await rowsOf(db, callId, 3);
  const {
    call_id: _,
    finalized_at: _at,
    finalized_by: _by,
    ...rest
  } = metrics as typeof metrics & Record<string, unknown>;
  return JSON.parse(JSON.stringify([rest, logs.map(({ call_id: _, trace_id: __, ...log }) => log)]));
}

describe('what the real exporters send', () => {
  const exporters: Record<string, (url: string) => SpanExporter> = {
    protobuf: (url) => new ProtobufExporter({ url }),
    'protobuf with gzip': (url) => new ProtobufExporter({ url, compression: CompressionAlgorithm.GZIP }),
    JSON: (url) => new JsonExporter({ url }),
    'JSON with gzip': (url) => new JsonExporter({ url, compression: CompressionAlgorithm.GZIP }),
  };
  for (const [name, create] of Object.entries(exporters))
    test(`becomes the rows of the in-process path: ${name}`, async (t) => {
      const url = await postgres.createMigrated();
      const db = connect(t, url);
      await call(
        new CallSpanProcessor({
          databaseUrl: url,
          spoolDir: await temporaryFolder(t),
          finalizeDelay: 20,
          ...KEEPS_CONVERSATIONS,
        }) as unknown as SpanProcessor,
        'IN-PROCESS',
      );
      const server = await startReceiver(t, url);
      await untilReady(server.url);
      const exporter = create(`${server.url}/v1/traces`);
      await call(new BatchSpanProcessor({ exporter, scheduledDelayMillis: 60_000 }), 'VIA-OTLP');
      assert.deepEqual(await comparable(db, 'VIA-OTLP'), await comparable(db, 'IN-PROCESS'));
    });
});

test('delivered again and again, spans are in the journal once', async (t) => {
  const url = await postgres.createMigrated();
  const db = connect(t, url);
  const server = await startReceiver(t, url);
  await untilReady(server.url);
  const body = otlpRequest(...Array.from({ length: 30 }, (_, index) => otlpSpan(`CA${index % 3}`)));
  const answers = await Promise.all(Array.from({ length: 20 }, () => post(server.url, body)));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  assert.equal(await journalSize(db), 30);
});

test('a span that the database refuses is named, and holds up no other', async (t) => {
  const url = await postgres.createMigrated();
  const db = connect(t, url);
  await db.query(`ALTER TABLE earshot.call_spans ADD CONSTRAINT no_bad CHECK (call_id <> 'BAD')`);
  const server = await startReceiver(t, url);
  await untilReady(server.url);
  const body = otlpRequest(otlpSpan('GOOD'), otlpSpan('BAD'), otlpSpan('GOOD'));
  assert.deepEqual(await (await post(server.url, body)).json(), {
    partialSuccess: { rejectedSpans: '1', errorMessage: 'refused_by_database: 1' },
  });
  assert.equal(await journalSize(db), 2);
});

test('while the database is away it answers 503 and is not ready; afterwards it is, and nothing is lost', async (t) => {
  const own = await startPostgres();
  t.after(() => own.stop());
  const url = await own.createMigrated();
  const server = await startReceiver(t, url);
  await untilReady(server.url);
  assert.equal((await post(server.url, otlpRequest(otlpSpan('BEFORE')))).status, 200);

  await own.down();
  const refused = await post(server.url, otlpRequest(otlpSpan('DURING')));
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '2']);
  await poll(async () => (await fetch(`${server.url}/readyz`)).status === 503, { what: 'it is not ready' });
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200);

  // The exporter keeps the spans and tries again by itself.
  const exporter = new ProtobufExporter({ url: `${server.url}/v1/traces`, timeoutMillis: 30_000 });
  const delivered = call(new BatchSpanProcessor({ exporter, exportTimeoutMillis: 30_000 }), 'RETRIED');
  await poll(() => server.logLines.filter((line) => line.includes('"status":503')).length >= 2);
  await own.up();
  await delivered;
  await untilReady(server.url);
  const db = openPostgres({ url });
  t.after(() => db.close());
  await rowsOf(db, 'RETRIED', 3);
  assert.equal(server.logLines.filter((line) => line.includes('the database is away')).length, 1);
});

test('it starts before its database does', async (t) => {
  const own = await startPostgres();
  t.after(() => own.stop());
  const url = await own.createDatabase();
  await own.down();
  const server = await startReceiver(t, url);
  assert.equal((await post(server.url, otlpRequest(otlpSpan('EARLY')))).status, 503);
  await own.up();
  await untilReady(server.url);
  assert.equal((await post(server.url, otlpRequest(otlpSpan('EARLY')))).status, 200);
});

test('a database that hangs costs a bounded time, and readiness says so sooner', async (t) => {
  const own = await startPostgres();
  t.after(() => own.stop());
  const server = await startReceiver(t, await own.createMigrated());
  await untilReady(server.url);
  await own.pause();
  const answers = Array.from({ length: 10 }, (_, index) =>
    post(server.url, otlpRequest(otlpSpan(`H${index}`))),
  );
  await poll(async () => (await fetch(`${server.url}/readyz`)).status === 503);
  for (const { status } of await Promise.all(answers)) assert.equal(status, 503);
  await own.resume();
  await untilReady(server.url);
});

test('overloaded, it answers 503, and what it acknowledges is in the journal', async (t) => {
  const url = await postgres.createMigrated();
  const db = connect(t, url);
  // The lock is held for as long as a busy machine needs to send; what waits for it must not be given up.
  const server = await startReceiver(t, url, { maxInFlightBytes: 400_000, statementTimeoutMs: 240_000 });
  await untilReady(server.url);
  const spans = 200;
  let waiting: Promise<unknown> | undefined;
  const send = (call: number) =>
    post(server.url, otlpRequest(...Array.from({ length: spans }, () => otlpSpan(`O${call}`))));
  const answers: Response[] = [];
  // Nothing can be committed until the lock goes, so that requests pile up.
  await db.transaction(async (tx) => {
    await tx.query('LOCK TABLE earshot.call_spans IN EXCLUSIVE MODE');
    const sent = Array.from({ length: 60 }, async (_, call) => void answers.push(await send(call)));
    await poll(() => answers.length > 0);
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([503]));
    waiting = Promise.all(sent);
  });
  await waiting;
  const count = (status: number) => answers.filter((answer) => answer.status === status).length;
  assert.equal(count(200) + count(503), 60);
  assert.ok(count(200) > 0 && count(503) > 0, `${count(200)} accepted, ${count(503)} refused with 503`);
  assert.equal(await journalSize(db), count(200) * spans);
  assert.equal((await send(60)).status, 200, 'overload passes');
});
