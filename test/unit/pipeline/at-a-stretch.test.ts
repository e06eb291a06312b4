import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { createNoopMeter, type Histogram, type Meter, metrics } from '@opentelemetry/api';
import { recordCallMetrics } from '../../../exporter/metrics/call-metrics.ts';
import { Finalizer } from '../../../exporter/pipeline/finalizer.ts';
import { catalogue } from '../../../exporter/pricing/index.ts';
import { readFacts } from '../../../exporter/store/call-facts.ts';
import { callKey } from '../../../exporter/store/call-key.ts';
import type { Queryable } from '../../../exporter/store/database.ts';
import { writeCallRows } from '../../../exporter/store/rows.ts';
import type { CallRows } from '../../../model/rows.ts';
import { logRow, metricsRow } from '../../support/call-rows.ts';
import { callOfShape, KNOWN_SHAPES } from '../calls/shapes.ts';

// How much of a large call a process does before its event loop goes round. What a voice agent hears meanwhile waits.

const TURNS = 5_000;

const alive = setInterval(() => {}, 60_000);
after(() => clearInterval(alive));

/** What is done between two rounds of the event loop, at most. */
class Stretch {
  most = 0;
  total = 0;
  #now = 0;
  #watching = true;

  constructor() {
    const round = () => {
      this.#now = 0;
      if (this.#watching) setImmediate(round);
    };
    round();
  }

  did(amount: number): void {
    this.#now += amount;
    this.total += amount;
    this.most = Math.max(this.most, this.#now);
  }

  end(): void {
    this.#watching = false;
  }
}

const largeRows = (): CallRows => ({
  metrics: metricsRow('C1', { turn_count: TURNS, llm_output_tokens: TURNS }),
  logs: Array.from({ length: TURNS }, (_, index) =>
    logRow('C1', index, {
      eou_latency: 0.8,
      ttfb_llm: 0.2,
      llm_provider: 'groq',
      llm_model: 'llama-3.1-8b-instant',
      llm_output_tokens: 1,
    }),
  ),
});

test('a large call goes to the thread and comes back in pieces, and between two of them the event loop goes round', async (t) => {
  const [sent, received] = [new Stretch(), new Stretch()];
  const { postMessage, emit } = Worker.prototype;
  t.after(() => {
    Object.assign(Worker.prototype, { postMessage, emit });
    sent.end();
    received.end();
  });
  Worker.prototype.postMessage = function (message: { facts?: unknown[] }) {
    sent.did(message.facts?.length ?? 0);
    return postMessage.call(this, message);
  };
  Worker.prototype.emit = function (this: Worker, event: string, message?: { logs?: unknown[] }) {
    if (event === 'message') received.did(message?.logs?.length ?? 0);
    return Reflect.apply(emit, this, [event, message]);
  } as typeof emit;

  const finalizer = new Finalizer({
    priceList: catalogue(),
    settings: { pricing: 'catalogue', prices: undefined },
    // Its rows are what is looked at, not how long they took.
    timeLimitMs: 600_000,
  });
  const facts = callOfShape(KNOWN_SHAPES['plain turns'] ?? [], 2 * TURNS);
  const { logs } = await finalizer.finalize(facts);
  await finalizer.close();
  assert.equal(logs.length, TURNS);
  assert.equal(sent.total, facts.length);
  assert.equal(received.total, TURNS);
  assert.ok(sent.most <= 100, `${sent.most} facts at a stretch`);
  assert.ok(received.most <= 100, `${received.most} rows at a stretch`);
});

test('the metrics of a large call are recorded in pieces', async (t) => {
  const recorded = new Stretch();
  const noop = createNoopMeter();
  const meter: Meter = Object.assign(Object.create(noop) as Meter, {
    createHistogram: (): Histogram => ({ record: () => recorded.did(1) }),
  });
  metrics.disable();
  metrics.setGlobalMeterProvider({ getMeter: () => meter });
  t.after(() => {
    metrics.disable();
    recorded.end();
  });
  await recordCallMetrics(largeRows());
  assert.equal(recorded.total, 2 * TURNS + 1, 'two latencies a turn, and the length of the call');
  assert.ok(recorded.most <= 110, `${recorded.most} at a stretch`);
});

test('the facts of a large call are read in pages', async () => {
  const answers: number[] = [];
  let left = 1_234;
  const tx: Queryable = {
    async query<Row>(text: string): Promise<Row[]> {
      if (!text.startsWith('FETCH')) return [];
      const page = Math.min(500, left);
      left -= page;
      answers.push(page);
      return Array.from({ length: page }, () => ({ tenant: 'default', call_id: 'C1', facts: {} })) as Row[];
    },
  };
  const facts = await readFacts(tx, [callKey('C1')], { maxSpans: 20_000, spans: 1_234 });
  assert.equal(facts.get(callKey('C1'))?.length, 1_234);
  assert.deepEqual(answers, [500, 500, 234]);
});

test('the rows of a large call are written in pieces', async () => {
  let most = 0;
  const tx: Queryable = {
    async query<Row>(_: string, params: readonly unknown[] = []): Promise<Row[]> {
      const values = params.map((value) => (Array.isArray(value) ? value.length : 1));
      most = Math.max(most, ...values);
      return [];
    },
  };
  await writeCallRows(tx, [largeRows()], 'test');
  assert.ok(most <= 100, `${most} values of a column in one statement`);
});
