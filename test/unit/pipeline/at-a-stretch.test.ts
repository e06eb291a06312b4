import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNoopMeter, type Histogram, type Meter, metrics } from '@opentelemetry/api';
import { recordCallMetrics } from '../../../exporter/metrics/call-metrics.ts';
import { measureCall } from '../../../exporter/metrics/measure-call.ts';
import { readFacts } from '../../../exporter/store/call-facts.ts';
import { callKey } from '../../../exporter/store/call-key.ts';
import type { Queryable } from '../../../exporter/store/database.ts';
import { ANY_TIME } from '../../../exporter/store/extents.ts';
import { writeCallRows } from '../../../exporter/store/rows.ts';
import type { CallRows } from '../../../model/rows.ts';
import { logRow, metricsRow } from '../../support/call-rows.ts';

// How much of a large call a process does before its event loop goes round. What a voice agent hears meanwhile waits.

const TURNS = 5_000;

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
  await recordCallMetrics(measureCall(largeRows()));
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
      return Array.from({ length: page }, (_, n) => ({
        tenant: 'default',
        call_id: 'C1',
        span_id: `${left}-${n}`,
        facts: {},
      })) as Row[];
    },
  };
  const facts = await readFacts(tx, [callKey('C1')], { maxSpans: 20_000, spans: 1_234, extent: ANY_TIME });
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
