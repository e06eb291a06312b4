import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Decimal } from 'decimal.js';
import { type Database, openPostgres } from '../../../exporter/store/index.ts';
import type { StageFact } from '../../../model/facts.ts';
import { SEGMENTS } from '../../../model/rows.ts';
import { AgentProcess } from '../../support/agent-process.ts';
import {
  errorMs,
  errorTable,
  explainedMs,
  type Interval,
  listPrice,
  type Measurement,
} from '../../support/ground-truth.ts';
import { REGISTER, type StoredCall, storedCall } from '../../support/observed-world.ts';
import { type CallerStep, type CallTruth, makeCall, type TurnTruth } from '../../support/phone-caller.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { packageRoot } from '../../support/root.ts';
import {
  type RealtimeSimulator,
  type RealtimeTruth,
  startRealtimeSimulator,
} from '../../support/simulators/openai-realtime.ts';
import { type Stall, watchStalls } from '../../support/stalls.ts';

const MODEL = 'gpt-realtime';
const TRANSCRIPTION_MODEL = 'gpt-4o-transcribe';
const MOST_ERROR_MS = 20;
/** A machine that was too busy to measure on gets another chance. */
const MOST_RUNS = 3;

const say = (utterance: string): CallerStep => ({ kind: 'say', utterance });
const listen: CallerStep = { kind: 'listen' };
const think: CallerStep = { kind: 'pause', ms: 500 };
const STEPS: readonly CallerStep[] = [
  ...[listen, think, say('hours-question')],
  ...[listen, think, say('menu-question')],
  { kind: 'barge_in', utterance: 'menu-barge-in', afterMs: 2000 },
  ...[listen, think, say('menu-thanks')],
  ...[listen, { kind: 'hang_up' } as const],
];

interface Run {
  readonly call: CallTruth;
  readonly truth: readonly RealtimeTruth[];
  readonly stored: StoredCall;
  readonly measurements: readonly Measurement[];
  readonly stalls: readonly Stall[];
}

describe('the rows of a call with a speech-to-speech agent say what the caller heard and the model did', () => {
  let postgres: TestPostgres;
  let db: Database;
  let simulator: RealtimeSimulator;
  const runs: Run[] = [];

  before(async () => {
    [postgres, simulator] = await Promise.all([startPostgres(), startRealtimeSimulator()]);
    const url = await postgres.createDatabase();
    db = openPostgres({ url });
    do runs.push(await makeRun(url, db, simulator));
    while (tooFarOff(runs.at(-1)).length > 0 && runs.length < MOST_RUNS);
  });
  after(async () => {
    await db?.close();
    await Promise.all([postgres?.stop(), simulator?.close()]);
  });

  test('every exchange is a turn, and the answer that was talked over is the one that is interrupted', () => {
    for (const { call, stored } of runs) {
      assert.deepEqual(
        stored.logs.map(({ initiator, interrupted, eou_source, playback_source, error_type }) => [
          initiator,
          interrupted,
          eou_source,
          playback_source,
          error_type,
        ]),
        [
          ['agent', false, null, 'observed', null],
          ['user', false, 'vad', 'observed', null],
          ['user', true, 'vad', 'observed', null],
          ['user', false, 'vad', 'observed', null],
          ['user', false, 'vad', 'observed', null],
        ],
      );
      assert.equal(call.turns.length, stored.logs.length);
      assert.equal(stored.metrics.interruption_count, 1);
      assert.equal(stored.metrics.channel, 'phone');
    }
  });

  test(`each latency is within ${MOST_ERROR_MS} ms`, (t) => {
    for (const run of runs) {
      t.diagnostic(errorTable(run.measurements));
      for (const each of tooFarOff(run))
        t.diagnostic(`${describeError(each)}; stalls: ${explainedMs(each, run.stalls).toFixed(0)} ms`);
      const ours = tooFarOff(run).filter(
        (each) => Math.abs(errorMs(each)) - explainedMs(each, run.stalls) > MOST_ERROR_MS,
      );
      assert.deepEqual(ours.map(describeError), []);
    }
    assert.deepEqual(tooFarOff(runs.at(-1)).map(describeError), []);
  });

  test('there is no synthesis, and the segments still add up to the silence', () => {
    for (const { stored } of runs) {
      for (const row of stored.logs) {
        for (const column of [
          'ttfb_tts',
          'latency_tts',
          'segment_tts',
          'segment_aggregation',
          'cost_tts',
        ] as const)
          assert.equal(row[column], null, column);
        if (row.eou_latency === null) continue;
        const total = SEGMENTS.flatMap((name) => row[`segment_${name}`] ?? []).reduce(
          (sum, each) => sum.plus(each),
          new Decimal(0),
        );
        assert.ok(total.equals(row.eou_latency), `turn ${row.turn_index}: ${total} and ${row.eou_latency}`);
        assert.ok(
          (row.segment_endpointing ?? 0) >= 0.4,
          'the silence that the server waits for is endpointing',
        );
      }
    }
  });

  test('usage is what the server counted: text and audio, cached or not', () => {
    for (const { stored, truth } of runs) {
      const responses = stored.facts
        .filter((fact): fact is StageFact => fact.type === 'stage' && fact.stage === 'llm')
        .sort((a, b) => a.startUs - b.startUs);
      assert.deepEqual(
        responses.map(({ usage }) => usage),
        usages(truth).map((usage) => ({
          inputTokens: usage.input_tokens,
          inputAudioTokens: usage.input_token_details.audio_tokens,
          cachedInputTokens: usage.input_token_details.cached_tokens,
          cachedInputAudioTokens: usage.input_token_details.cached_tokens_details.audio_tokens,
          outputTokens: usage.output_tokens,
          outputAudioTokens: usage.output_token_details.audio_tokens,
        })),
      );
      assert.deepEqual(
        responses.map(({ turnIndex }) => turnIndex),
        [0, 1, 1, 2, 3, 4],
        'a tool call takes two responses, and both are paid for',
      );
      const tools = stored.facts.filter((fact) => fact.type === 'stage' && fact.stage === 'tool');
      assert.deepEqual(
        tools.map((tool) => tool.type === 'stage' && [tool.turnIndex, tool.toolName]),
        [[1, 'get_opening_hours']],
      );
      assert.ok(stored.logs.every((row) => row.usage_estimated === false));
    }
  });

  test('costs are usage by list price, to the last decimal', () => {
    for (const { call, stored, truth } of runs) {
      const at = stored.metrics.started_at;
      const price = (model: string, unit: string): Decimal =>
        listPrice('openai', model, `per_million_${unit}_tokens`, at).dividedBy(1e6);
      const llm = usages(truth).reduce(
        (sum, { input_token_details: input, output_token_details: output }) => {
          const { text_tokens: cachedText, audio_tokens: cachedAudio } = input.cached_tokens_details;
          return sum
            .plus(price(MODEL, 'input').times(input.text_tokens - cachedText))
            .plus(price(MODEL, 'cached_input').times(cachedText))
            .plus(price(MODEL, 'input_audio').times(input.audio_tokens - cachedAudio))
            .plus(price(MODEL, 'cached_input_audio').times(cachedAudio))
            .plus(price(MODEL, 'output').times(output.text_tokens))
            .plus(price(MODEL, 'output_audio').times(output.audio_tokens));
        },
        new Decimal(0),
      );
      const stt = transcriptions(truth).reduce(
        (sum, { inputTokens, outputTokens }) =>
          sum
            .plus(price(TRANSCRIPTION_MODEL, 'input_audio').times(inputTokens))
            .plus(price(TRANSCRIPTION_MODEL, 'output').times(outputTokens)),
        new Decimal(0),
      );
      const minutes = new Decimal(call.endedMicros - call.connectedMicros).dividedBy(60e6).ceil();
      const phone = listPrice('twilio', 'inbound', 'per_minute', at).times(minutes);
      assert.equal(stored.metrics.cost_llm?.toString(), llm.toString());
      assert.equal(stored.metrics.cost_stt?.toString(), stt.toString());
      assert.equal(stored.metrics.cost_tts, null);
      assert.equal(stored.metrics.cost_total?.toString(), llm.plus(stt).plus(phone).toString());
      assert.deepEqual(stored.metrics.unpriced, []);
    }
  });
});

/** One call to a fresh agent, which is the example as it is. */
async function makeRun(databaseUrl: string, db: Database, simulator: RealtimeSimulator): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'earshot-test-'));
  const agentStalls = join(folder, 'stalls.json');
  const example = join(packageRoot, 'examples/openai-realtime-agent');
  const since = simulator.truth.length;
  const agent = await AgentProcess.start({
    program: join(example, 'agent.js'),
    cwd: example,
    nodeArgs: [...REGISTER, '--import', import.meta.resolve('../../support/stall-probe.js')],
    env: {
      OPENAI_API_KEY: 'simulated',
      OPENAI_BASE_URL: `${simulator.url}/v1`,
      NODE_EXTRA_CA_CERTS: simulator.caPath ?? '',
      DATABASE_URL: databaseUrl,
      EARSHOT_SPOOL_DIR: join(folder, 'spool'),
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_METRICS_EXPORTER: 'none',
      STALLS_FILE: agentStalls,
    },
  });
  try {
    const own = watchStalls();
    const plan = {
      callSid: `CA${since}`,
      direction: 'inbound',
      from: '+12025550101',
      to: '+12025550100',
    } as const;
    const call = await makeCall({ ...plan, steps: STEPS }, { agentUrl: agent.url });
    const stored = await storedCall(db, plan.callSid);
    await agent.stop();
    assert.equal(agent.output.stderr, '');
    const truth = simulator.truth.slice(since);
    const stalls = [...own, ...JSON.parse(await readFile(agentStalls, 'utf8'))];
    return { call, truth, stored, measurements: measure(call, truth, stored), stalls };
  } finally {
    await agent.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Every time that was measured, beside the truth. */
function measure(call: CallTruth, truth: readonly RealtimeTruth[], stored: StoredCall): Measurement[] {
  return stored.logs.flatMap((row, i) => {
    const turn = call.turns[i];
    if (!turn) return [];
    const expected = expectTurn(turn, call.turns[i + 1], truth);
    return Object.entries(expected).map(([column, interval]) => {
      const measured = row[column as keyof typeof row];
      const where = `turn ${i}`;
      assert.equal(measured === null, interval === null, `${where}: ${column} = ${measured}`);
      return {
        column,
        where,
        measuredSeconds: Number(measured),
        truth: interval ?? { fromMicros: 0, toMicros: 0 },
      };
    });
  });
}

type Expected = Record<
  'eou_latency' | 'ttfb_llm' | 'latency_llm' | 'ttfb_stt' | 'latency_stt',
  Interval | null
>;

/** What a turn's row must say, from what the caller heard and what the server did. */
function expectTurn(turn: TurnTruth, next: TurnTruth | undefined, all: readonly RealtimeTruth[]): Expected {
  const [from, to] = [turn.speechEndedMicros ?? 0, next?.speechEndedMicros ?? Number.POSITIVE_INFINITY];
  const truth = all.filter(({ atMicros }) => atMicros >= from && atMicros < to);
  const audio = truth.find((event) => isSent(event, 'response.output_audio.delta'));
  const id = audio?.kind === 'sent' ? audio.responseId : undefined;
  const done = truth.find((event) => event.kind === 'responded' && event.responseId === id);
  const asked = truth.findLast(
    (event) =>
      event.atMicros < (audio?.atMicros ?? 0) &&
      event.kind === 'received' &&
      event.event.type === 'response.create',
  );
  // Unasked, the server answers by itself.
  const begun = asked ?? truth.find((event) => isSent(event, 'response.created'));
  const heard = truth.find((event) => isSent(event, 'conversation.item.input_audio_transcription.delta'));
  const final = truth.find((event) => isSent(event, 'conversation.item.input_audio_transcription.completed'));
  const complete = done?.kind === 'responded' && done.status === 'completed';
  return {
    eou_latency: interval(turn.speechEndedMicros, turn.firstAudioMicros),
    ttfb_llm: interval(begun?.atMicros, audio?.atMicros),
    latency_llm: interval(begun?.atMicros, complete ? done.atMicros : undefined),
    ttfb_stt: interval(turn.speechStartedMicros, heard?.atMicros),
    latency_stt: interval(turn.speechEndedMicros, final?.atMicros),
  };
}

const isSent = (event: RealtimeTruth, type: string): boolean => event.kind === 'sent' && event.type === type;

const interval = (fromMicros: number | undefined, toMicros: number | undefined): Interval | null =>
  fromMicros === undefined || toMicros === undefined ? null : { fromMicros, toMicros };

const usages = (truth: readonly RealtimeTruth[]) =>
  truth.flatMap((event) => (event.kind === 'responded' && event.usage ? [event.usage] : []));

const transcriptions = (truth: readonly RealtimeTruth[]) =>
  truth.flatMap((event) => (event.kind === 'transcribed' ? [event] : []));

const tooFarOff = (run: Run | undefined): Measurement[] =>
  run?.measurements.filter((each) => Math.abs(errorMs(each)) > MOST_ERROR_MS) ?? [];

const describeError = (each: Measurement): string =>
  `${each.where}: ${each.column} is off by ${errorMs(each).toFixed(1)} ms`;
