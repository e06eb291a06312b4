import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import type { WorldCall } from '../../demo/world.ts';
import type { Database } from '../../exporter/store/index.ts';
import { counter, LABEL, observations, SPAN_METRICS } from '../../grafana/names.ts';
import { ATTR, EVENT, METRICS, SPAN } from '../../model/semconv.ts';
import { committedDashboards, panelsOf } from '../support/grafana/query.ts';
import { storedCall } from '../support/observed-world.ts';
import { poll } from '../support/poll.ts';
import { packageRoot } from '../support/root.ts';
import { arrived, everything } from '../support/stack/arrived.ts';
import { badCall, FAILED } from '../support/stack/bad-call.ts';
import { eventNames, parentOf, tagOf } from '../support/stack/jaeger-api.ts';
import { type ObservedStack, SERVICE, startObservedStack } from '../support/stack/observed-stack.ts';
import { send } from '../support/stack/otlp-spans.ts';
import { answer, MAY_BE_EMPTY } from '../support/stack/panel-answers.ts';
import { CLI, RECOVERY_MS, type Stack } from '../support/stack/stack.ts';

/** How many rules prometheus/rules has. */
async function committedRules(): Promise<number> {
  const folder = join(packageRoot, 'prometheus/rules');
  const texts = await Promise.all(
    (await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')),
  );
  return texts.join('\n').match(/^\s+- (alert|record):/gm)?.length ?? 0;
}

let observed: ObservedStack;
let stack: Stack;
/** The rows that the agent writes itself, past the whole pipeline: what should arrive. */
let truth: Database;
let calls: readonly WorldCall[];
let startedMs: number;

before(async () => {
  startedMs = Date.now();
  observed = await startObservedStack();
  ({ stack, truth } = observed);
  calls = await observed.world.makeCalls();
});
after(() => observed?.stop());

describe('four calls through the real pipeline', () => {
  it('every call has its rows, the same as its agent wrote, but for what was said', async () => {
    for (const { callSid } of calls) {
      await arrived(stack, truth, callSid);
      const here = await storedCall(truth, callSid);
      const there = await storedCall(stack.db, callSid);
      const { finalized_at: _1, finalized_by: _2, ...expected } = here.metrics;
      const { finalized_at: _3, finalized_by: _4, ...actual } = there.metrics;
      // Who counts words has to have them.
      const unsaid = { user_words_per_minute: null, agent_words_per_minute: null };
      assert.deepEqual(actual, { ...expected, ...unsaid });
      const withoutWords = here.logs.map((row) => ({ ...row, user_text: null, agent_text: null }));
      assert.deepEqual(there.logs, withoutWords);
      assert.ok(here.logs.some(({ agent_text }) => agent_text !== null) || here.logs.length === 0);
    }
  });

  it('Jaeger finds each turn by the id of its call, with its stages, events and links', async () => {
    for (const { callSid } of calls) {
      const byTrace = await arrived(stack, truth, callSid);
      const { logs } = await storedCall(stack.db, callSid);
      const found = await stack.jaeger.search(SERVICE, { [ATTR.callId]: callSid });
      assert.deepEqual(found.map(({ traceID }) => traceID).sort(), [...byTrace.keys()].sort());
      const all = new Map(found.flatMap(({ spans }) => spans.map((span) => [span.spanID, span])));
      const call = [...all.values()].find(({ operationName }) => operationName === SPAN.call);
      assert.ok(call);
      for (const { trace_id: traceId, turn_index: index } of logs) {
        const spans = found.find(({ traceID }) => traceID === traceId)?.spans ?? [];
        const turn = spans.find(({ operationName }) => operationName === SPAN.turn);
        assert.ok(turn, `turn ${index} of ${callSid}`);
        assert.equal(Number(tagOf(turn, ATTR.turnIndex)), index);
        for (const span of spans) assert.equal(tagOf(span, ATTR.callId), callSid, span.operationName);
        const children = spans.filter((span) => parentOf(span) === turn.spanID);
        assert.equal(children.length, spans.length - 1, 'stages are children of their turn');
        const linked = turn.references.filter(({ refType }) => refType === 'FOLLOWS_FROM');
        assert.ok(
          linked.some(({ spanID }) => spanID === call.spanID),
          'a link to the call',
        );
        if (index > 0) assert.equal(linked.length, 2, 'and to the turn before');
        const names = new Set(spans.flatMap(eventNames));
        if (children.some((span) => tagOf(span, ATTR.ttfb) !== undefined))
          assert.ok(names.has(EVENT.firstByte));
      }
      const stages = new Set([...all.values()].map((span) => tagOf(span, ATTR.stage)));
      for (const stage of ['stt', 'tts', 'playback']) assert.ok(stages.has(stage), `${stage} of ${callSid}`);
    }
  });

  it('what was said is nowhere: not in Jaeger, not in a table, not in a metric', async () => {
    const said = calls.flatMap(({ turns }) =>
      turns.flatMap(({ text }) => (text === undefined ? [] : [text])),
    );
    assert.ok(said.length > 4);
    const heard = await truth.query<{ agent_text: string }>(
      'SELECT agent_text FROM earshot.call_logs WHERE agent_text IS NOT NULL',
    );
    assert.ok(heard.length > 4);
    for (const { callSid } of calls) await arrived(stack, truth, callSid);
    const downstream = await everything(stack, SERVICE);
    for (const text of [...said, ...heard.map(({ agent_text }) => agent_text)]) {
      assert.ok(!downstream.includes(JSON.stringify(text).slice(1, -1)), text);
    }
  });

  it('Prometheus sees every target, has loaded every rule, and its exemplars are turns in Jaeger', async () => {
    const targets = await poll(
      async () => {
        const all = await stack.prometheus.targets();
        return all.every(({ health }) => health === 'up') && all;
      },
      { deadlineMs: 20_000, what: 'targets that are all up' },
    );
    assert.deepEqual(targets.map(({ labels }) => labels.job).sort(), [
      'collector',
      'earshot',
      'jaeger',
      'voice',
    ]);
    const rules = await poll(
      async () => {
        const all = await stack.prometheus.rules();
        return all.every(({ health }) => health === 'ok') && all;
      },
      { deadlineMs: 20_000, what: 'rules that were all evaluated' },
    );
    assert.equal(rules.length, await committedRules());
    const exemplars = await poll(
      async () => {
        const series = await stack.prometheus.exemplars(
          `traces_span_metrics_duration_seconds_bucket{span_name="${SPAN.response}"}`,
          startedMs,
        );
        const found = series.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.trace_id ?? ''));
        return found.length > 0 && found;
      },
      { deadlineMs: 20_000, what: 'exemplars of responses' },
    );
    for (const traceId of new Set(exemplars)) {
      const trace = await stack.jaeger.trace(traceId);
      assert.ok(
        trace?.spans.some(({ operationName }) => operationName === SPAN.response),
        traceId,
      );
    }
  });

  it('metrics of calls have the names that rules and dashboards ask for', async () => {
    for (const { callSid } of calls) await arrived(stack, truth, callSid);
    const [turns] = await stack.db.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM earshot.call_logs',
    );
    for (const [expr, expected] of [
      [`sum(${counter(METRICS.calls)})`, calls.length],
      [`sum(${observations(METRICS.callDuration)})`, calls.length],
      [`sum(${counter(METRICS.turns)})`, turns?.count],
      [
        `sum(${SPAN_METRICS.calls}{${LABEL.spanName}="${SPAN.turn}", ${LABEL.service}="${SERVICE}"})`,
        turns?.count,
      ],
      [`sum(${SPAN_METRICS.durationCount}{${LABEL.spanName}="${SPAN.call}"})`, calls.length],
    ] as const) {
      await poll(async () => (await stack.prometheus.query(expr))[0]?.value === expected, {
        deadlineMs: 20_000,
        intervalMs: 200,
        what: `${expr} to be ${expected}`,
      });
    }
    const [cost] = await stack.prometheus.query(`sum(${counter(METRICS.callCost)})`);
    const [row] = await stack.db.query<{ usd: number }>(
      'SELECT sum(cost_total)::double precision AS usd FROM earshot.call_metrics',
    );
    assert.ok(Math.abs((cost?.value ?? Number.NaN) - (row?.usd ?? Number.NaN)) < 1e-9);
  });

  it('the Monitor tab of Jaeger has latencies', async () => {
    const latencies = await poll(
      async () => {
        const found = await stack.jaeger.latencies(SERVICE);
        return found.length > 0 && found;
      },
      { deadlineMs: 20_000, intervalMs: 500, what: 'latencies of phone-agent' },
    );
    for (const milliseconds of latencies)
      assert.ok(milliseconds > 0 && milliseconds < 120_000, `${milliseconds}`);
  });
});

describe('the demo, as docker-compose.yml runs it', () => {
  it('sends its spans to the collector and finds the rows that the pipeline makes of them', async () => {
    const args = [CLI, 'demo', '--via-otlp', '--database', '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        DATABASE_URL: stack.databaseUrl,
        OTEL_EXPORTER_OTLP_ENDPOINT: stack.collector.url,
      },
    });
    const { calls: rows } = JSON.parse(stdout) as {
      calls: readonly { call_id: string; service_name: string; cost_total: unknown }[];
    };
    assert.equal(rows.length, 4);
    for (const { call_id: callId, service_name: service, cost_total: cost } of rows) {
      assert.equal(service, SERVICE);
      assert.notEqual(cost, null);
      assert.ok((await stack.jaeger.search(SERVICE, { [ATTR.callId]: callId })).length > 1, callId);
    }
  });
});

describe('dashboards, on what the pipeline has made', () => {
  before(async () => {
    // Two, with a scrape between: of a series that has only appeared nothing is known to have happened.
    for (const count of [1, 2]) {
      const callId = `CA${Date.now()}`;
      await send(stack.collector.url, badCall(SERVICE, callId));
      await storedCall(stack.db, callId, RECOVERY_MS);
      await poll(async () => (await stack.prometheus.query(FAILED))[0]?.value === count, {
        deadlineMs: 20_000,
        what: `${FAILED} to be ${count}`,
      });
    }
  });

  it('usage without a price is counted, by what had none', async () => {
    const unpriced = `${counter(METRICS.unpricedCalls)}{${LABEL.costComponent}="tts", ${LABEL.provider}="acme", ${LABEL.model}="voice-1"}`;
    await poll(async () => (await stack.prometheus.query(unpriced))[0]?.value === 2, {
      deadlineMs: 20_000,
      what: `${unpriced} to be 2`,
    });
    // Groq lists no price for tokens of that model that come from a cache.
    const series = await stack.prometheus.query(counter(METRICS.unpricedCalls));
    assert.deepEqual(
      series.map(({ metric }) => `${metric[LABEL.costComponent]}:${metric[LABEL.provider]}`).sort(),
      ['llm:groq', 'tts:acme'],
    );
  });

  for (const dashboard of committedDashboards()) {
    for (const panel of panelsOf(dashboard)) {
      for (const target of panel.targets ?? []) {
        const key = `${dashboard.uid}/${panel.id}${target.refId}`;
        const may = MAY_BE_EMPTY.get(key);
        it(`${dashboard.title}: ${panel.title} (${key}) ${may === undefined ? 'has finite numbers' : `may be empty: ${may}`}`, async () => {
          const { callSid: callId = '' } = calls.find(({ scenario }) => scenario === 'barge_in') ?? {};
          const found = await answer(stack, dashboard, target, { startedMs, callId });
          assert.ok(found > 0 || may !== undefined, 'no rows, series or spans');
        });
      }
    }
  }
});
