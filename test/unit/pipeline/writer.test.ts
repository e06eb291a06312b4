import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { PipelineMetrics } from '../../../exporter/metrics/pipeline-metrics.ts';
import { FactBuffer } from '../../../exporter/pipeline/buffer.ts';
import { type FactSink, FactWriter } from '../../../exporter/pipeline/writer.ts';
import { Spool } from '../../../exporter/spool/spool.ts';
import { SpoolQueue } from '../../../exporter/spool/spool-queue.ts';
import { turnFact } from '../../support/call-rows.ts';
import { recordDiagnostics } from '../../support/diagnostics.ts';
import { poll } from '../../support/poll.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** A journal that a test can stop, and that remembers what it took. */
class TestSink implements FactSink {
  readonly seen = new Set<string>();
  batches: number[] = [];
  atOnce = 0;
  mostAtOnce = 0;
  /** What each append waits for. */
  gate: Promise<unknown> = Promise.resolve();

  async append(facts: Parameters<FactSink['append']>[0]) {
    this.atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.atOnce);
    try {
      await this.gate;
      const refused = facts.filter((fact) => fact.callId === 'refused');
      const before = this.seen.size;
      for (const fact of facts) if (fact.callId !== 'refused') this.seen.add(fact.spanId);
      this.batches.push(facts.length);
      return {
        written: this.seen.size - before,
        refused: refused.map((fact) => ({ fact, reason: '22P05' })),
      };
    } finally {
      this.atOnce -= 1;
    }
  }
}

async function writerTo(t: TestContext, sink: TestSink, { capacity = 10_000, writeTimeoutMs = 5_000 } = {}) {
  const metrics = new PipelineMetrics();
  const spool = new SpoolQueue(
    new Spool({ folders: [{ path: await temporaryFolder(t), named: true }], maxBytes: 10_000_000 }),
    metrics,
  );
  const buffer = new FactBuffer(capacity);
  const writer = new FactWriter({
    connect: async () => sink,
    buffer,
    spool,
    metrics,
    flushIntervalMs: 10,
    writeTimeoutMs,
  });
  t.after(() => writer.stop());
  return { writer, metrics, buffer };
}

test('one write is under way at a time, of a batch at most', async (t) => {
  const sink = new TestSink();
  const { writer, buffer } = await writerTo(t, sink);
  for (let index = 0; index < 4_500; index += 1) writer.accept(turnFact('C1', index));
  const flushes = [writer.flush(5_000), writer.flush(5_000)];
  for (let index = 0; index < 10; index += 1) writer.accept(turnFact('C2', index));
  await Promise.all(flushes);
  await poll(() => sink.seen.size === 4_510);
  assert.equal(sink.mostAtOnce, 1);
  assert.ok(Math.max(...sink.batches) <= 500, sink.batches.join());
  assert.equal(buffer.size, 0);
});

test('facts that the database refuses are counted, and do not come again', async (t) => {
  const sink = new TestSink();
  const { writer, metrics, buffer } = await writerTo(t, sink);
  writer.accept(turnFact('refused', 0));
  writer.accept(turnFact('C1', 0));
  await writer.flush(5_000);
  assert.deepEqual(metrics.totals.dropped, { refused: 1 });
  assert.equal(metrics.totals.written, 1);
  assert.equal(buffer.size, 0);
});

test('a write that gives no answer counts as failed; its facts are written again, once', async (t) => {
  const sink = new TestSink();
  let open: () => void = () => {};
  sink.gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const { writer, metrics } = await writerTo(t, sink, { writeTimeoutMs: 50 });
  for (let index = 0; index < 20; index += 1) writer.accept(turnFact('C1', index));
  await poll(() => sink.atOnce >= 2, { what: 'a second attempt beside the one that hangs' });
  open();
  await poll(() => sink.seen.size === 20);
  await poll(() => sink.batches.length >= 2);
  assert.equal(metrics.totals.written, 20);
});

test('a flush tries again when the write that was under way fails', async (t) => {
  const sink = new TestSink();
  let fail: (error: Error) => void = () => {};
  sink.gate = new Promise((_, reject) => {
    fail = reject;
  });
  const { writer, metrics } = await writerTo(t, sink);
  writer.accept(turnFact('C1', 0));
  await poll(() => sink.atOnce === 1);
  const flushed = writer.flush(5_000);
  sink.gate = Promise.resolve();
  fail(new Error('no answer'));
  await flushed;
  assert.equal(sink.seen.size, 1);
  assert.equal(metrics.totals.spooled, 0);
});

test('a flush says whether all is in the database, or some of it in the spool', async (t) => {
  const sink = new TestSink();
  const { writer, metrics } = await writerTo(t, sink);
  writer.accept(turnFact('C1', 0));
  assert.equal(await writer.flush(5_000), true);
  sink.gate = new Promise(() => {});
  writer.accept(turnFact('C1', 1));
  assert.equal(await writer.flush(10), false);
  assert.equal(metrics.totals.spooled, 1);
});

test('while a write hangs, a buffer that fills goes to disk and new facts find room', async (t) => {
  const sink = new TestSink();
  let open: () => void = () => {};
  sink.gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const { writer, metrics } = await writerTo(t, sink, { capacity: 100, writeTimeoutMs: 60_000 });
  let index = 0;
  const taken = new Set<number>();
  const talk = setInterval(() => {
    for (let count = 0; count < 2; count += 1, index += 1) {
      if (writer.accept(turnFact('C1', index))) taken.add(index);
    }
  }, 50);
  try {
    await poll(() => taken.size > 120);
  } finally {
    clearInterval(talk);
  }
  assert.equal(taken.size, index, 'nothing was dropped');
  assert.ok(metrics.totals.spooled > 0);
  open();
  await poll(() => sink.seen.size === index);
});

test('after stop nothing is taken, and nothing more is written', async (t) => {
  const sink = new TestSink();
  const { writer, metrics } = await writerTo(t, sink);
  writer.accept(turnFact('C1', 0));
  writer.stop();
  assert.equal(writer.accept(turnFact('C1', 1)), false);
  assert.equal(metrics.totals.accepted, 1);
  writer.saveAtExit();
  assert.equal(metrics.totals.spooled, 1);
  assert.equal(sink.seen.size, 0);
});

test('what is lost at the exit, because the spool cannot be used, is counted and said', async (t) => {
  const said = recordDiagnostics(t);
  const metrics = new PipelineMetrics();
  const folders = [{ path: '/dev/null/spool', named: true }];
  const spool = new SpoolQueue(new Spool({ folders, maxBytes: 10_000 }), metrics);
  assert.equal(await spool.store([turnFact('C1', 0)]), false);
  spool.storeSync([turnFact('C1', 0), turnFact('C1', 1)]);
  assert.deepEqual(metrics.totals.dropped, { exit: 2 });
  assert.equal(said.error.length, 1);
  assert.match(
    said.error[0] ?? '',
    /2 spans are lost: the process exits, and the spool in \/dev\/null\/spool/,
  );
});
