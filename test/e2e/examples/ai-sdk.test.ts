import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Decimal } from 'decimal.js';
import { openPostgres } from '../../../exporter/store/index.ts';
import { LATENCIES, SEGMENTS } from '../../../model/rows.ts';
import {
  type ExpectedCall,
  errorMs,
  expectCall,
  explainedMs,
  listPrice,
  type Measurement,
} from '../../support/ground-truth.ts';
import { REGISTER, type StoredCall, startObservedWorld, storedCall } from '../../support/observed-world.ts';
import { type CallerStep, type CallTruth, makeCall } from '../../support/phone-caller.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { packageRoot } from '../../support/root.ts';
import { planCall } from '../../support/scenarios.ts';
import { type Stall, watchStalls } from '../../support/stalls.ts';

const MODEL = 'gpt-4o-mini';
const MOST_ERROR_MS = 20;
const FOLDER = join(packageRoot, 'examples/ai-sdk-agent');

const say = (utterance: string): CallerStep => ({ kind: 'say', utterance });
const listen: CallerStep = { kind: 'listen' };
/** Greeting, a question for the tool, a long answer that is talked over, a goodbye. */
const STEPS: readonly CallerStep[] = [
  ...[listen, say('hours-question')],
  ...[listen, say('menu-question')],
  { kind: 'barge_in', utterance: 'menu-barge-in', afterMs: 1500 },
  ...[listen, say('menu-thanks')],
  ...[listen, { kind: 'hang_up' } as const],
];
/** The first requests of a process load its HTTP client and connect: no server can know of that. */
const WARM_UP: readonly CallerStep[] = [listen, say('hours-question'), listen, { kind: 'hang_up' }];

describe('an agent that thinks with the AI SDK', () => {
  let postgres: TestPostgres;
  let call: CallTruth;
  let expected: ExpectedCall;
  let stored: StoredCall;
  let stalls: readonly Stall[];

  before(async () => {
    postgres = await startPostgres();
    const url = await postgres.createDatabase();
    const db = openPostgres({ url });
    const folder = await mkdtemp(join(tmpdir(), 'earshot-test-'));
    const world = await startObservedWorld(url, {
      agent: {
        program: join(FOLDER, 'agent.js'),
        cwd: FOLDER,
        nodeArgs: [...REGISTER, '--import', import.meta.resolve('../../support/stall-probe.js')],
        env: { STALLS_FILE: join(folder, 'stalls.json') },
      },
    });
    try {
      const own = watchStalls();
      const { url: agentUrl } = world.agent;
      await makeCall({ ...planCall('plain', 1), steps: WARM_UP }, { agentUrl });
      call = await makeCall({ ...planCall('plain', 2), steps: STEPS }, { agentUrl });
      stored = await storedCall(db, call.callSid);
      expected = expectCall({ ...call, scenario: 'barge_in' }, world.providerTruth(call.callSid));
      await world.close();
      stalls = [...own, ...JSON.parse(await readFile(join(folder, 'stalls.json'), 'utf8'))];
      assert.equal(world.agent.output.stderr, '');
    } finally {
      await world.close();
      await db.close();
      await rm(folder, { recursive: true });
    }
  });
  after(() => postgres?.stop());

  /** Each turn's row beside what it must say. */
  const turns = () =>
    stored.logs.map((row, i) => {
      const turn = expected.turns[i];
      assert.ok(turn);
      return { row, expected: turn, where: `turn ${i}` };
    });

  it('gives the turns that there were, the one that was talked over as interrupted', () => {
    assert.deepEqual(
      stored.logs.map(({ initiator, interrupted, playback_source, eou_source, error_type }) => ({
        initiator,
        interrupted,
        playback_source,
        eou_source,
        error_type,
      })),
      expected.turns.map(({ initiator, interrupted }) => ({
        initiator,
        interrupted,
        playback_source: 'observed',
        eou_source: initiator === 'user' ? 'stt_word_end' : null,
        error_type: null,
      })),
    );
    assert.deepEqual(
      expected.turns.map(({ initiator, interrupted }) => [initiator, interrupted]),
      [
        ['agent', false],
        ['user', false],
        ['user', true],
        ['user', false],
        ['user', false],
      ],
    );
    assert.equal(stored.metrics.interruption_count, 1);
    assert.equal(stored.metrics.end_reason, 'hangup');
  });

  it(`gives each latency within ${MOST_ERROR_MS} ms, and NULL where its instants did not happen`, (t) => {
    const measured: Measurement[] = turns().flatMap(({ row, expected, where }) =>
      LATENCIES.flatMap((column) => {
        const truth = expected.latencies[column];
        const measuredSeconds = row[column];
        assert.equal(measuredSeconds === null, truth === null, `${where}: ${column} = ${measuredSeconds}`);
        return measuredSeconds === null || truth === null ? [] : { column, where, measuredSeconds, truth };
      }),
    );
    for (const each of measured)
      t.diagnostic(
        `${each.where} ${each.column} ${each.measuredSeconds} s, ${errorMs(each).toFixed(1)} ms off`,
      );
    // A machine that stops a process in that very moment makes it late; no error of ours is excused.
    const off = measured.filter(
      (each) => Math.abs(errorMs(each)) - explainedMs(each, stalls) > MOST_ERROR_MS,
    );
    assert.deepEqual(off, []);
  });

  it('gives segments that add up to the EOU latency', () => {
    for (const { row, where } of turns()) {
      if (row.eou_latency === null) continue;
      const total = SEGMENTS.reduce((sum, name) => sum.plus(row[`segment_${name}`] ?? 0), new Decimal(0));
      assert.ok(total.equals(row.eou_latency), where);
    }
  });

  it('counts each request once, and the tool between two of them', () => {
    const stages = stored.facts.flatMap((fact) => (fact.type === 'stage' ? fact : []));
    for (const { expected, where, row } of turns()) {
      const own = stages.filter(({ turnIndex }) => turnIndex === row.turn_index);
      assert.equal(own.filter(({ stage }) => stage === 'llm').length, expected.requests, where);
    }
    const tools = stages.filter(({ stage }) => stage === 'tool');
    assert.deepEqual(
      tools.map(({ toolName, turnIndex }) => [toolName, turnIndex]),
      [['get_opening_hours', 1]],
    );
    assert.deepEqual(
      expected.turns.map(({ requests }) => requests),
      [0, 2, 1, 1, 1],
    );
  });

  it('has the usage that the providers counted, and costs to the last decimal', () => {
    const { metrics } = stored;
    const at = metrics.started_at;
    const price = (unit: string) => listPrice('openai', MODEL, unit, at).dividedBy(1e6);
    const [input, output] = [price('per_million_input_tokens'), price('per_million_output_tokens')];
    const tts = listPrice('cartesia', 'sonic', 'per_million_characters', at).dividedBy(1e6);
    let llmTotal = new Decimal(0);
    for (const { row, expected, where } of turns()) {
      assert.equal(row.tts_characters, expected.characters, where);
      assert.equal(row.cost_tts?.toString(), tts.times(expected.characters).toString(), where);
      if (expected.requests === 0) {
        assert.equal(row.cost_llm, null, where);
        continue;
      }
      assert.equal(row.llm_provider, 'openai', where);
      assert.equal(row.llm_model, MODEL, where);
      if (expected.tokens === null) assert.equal(row.usage_estimated, true, where);
      else {
        assert.equal(row.llm_input_tokens, expected.tokens.input, where);
        assert.equal(row.llm_output_tokens, expected.tokens.output, where);
      }
      const cost = input.times(row.llm_input_tokens ?? 0).plus(output.times(row.llm_output_tokens ?? 0));
      assert.equal(row.cost_llm?.toString(), cost.toString(), where);
      llmTotal = llmTotal.plus(cost);
    }
    const sttPrice = listPrice('deepgram', 'nova-3', 'per_audio_minute', at, 'streaming').dividedBy(60);
    const minutes = new Decimal(expected.duration.toMicros - expected.duration.fromMicros)
      .dividedBy(60e6)
      .ceil();
    const phone = listPrice('twilio', 'inbound', 'per_minute', at).times(minutes);
    const characters = expected.turns.reduce((sum, turn) => sum + turn.characters, 0);
    const total = llmTotal
      .plus(sttPrice.times(expected.sttAudioSeconds))
      .plus(tts.times(characters))
      .plus(phone);
    assert.equal(metrics.cost_llm?.toString(), llmTotal.toString());
    assert.equal(metrics.cost_total?.toString(), total.toString());
    assert.deepEqual(metrics.unpriced, []);
  });
});
