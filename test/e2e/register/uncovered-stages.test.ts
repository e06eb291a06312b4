import assert from 'node:assert/strict';
import { cp, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { Decimal } from 'decimal.js';
import { type Database, openPostgres } from '../../../exporter/store/index.ts';
import type { StoredCallMetrics } from '../../../model/rows.ts';
import { runLines } from '../../support/cli.ts';
import { type ExpectedCall, expectCall, listPrice } from '../../support/ground-truth.ts';
import { type StoredCall, startObservedWorld, storedCall } from '../../support/observed-world.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { packageRoot } from '../../support/root.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** The file of the example agent that is replaced by one that does without the provider's SDK. */
const FILES = { stt: 'listening.js', llm: 'thinking.js', tts: 'speech.js' } as const;
type Stage = keyof typeof FILES;
const STAGES = Object.keys(FILES) as Stage[];

interface Called {
  readonly expected: ExpectedCall;
  readonly stored: StoredCall;
  /** What `earshot report` prints of all calls, and of this one; of a service that is known it is not asked. */
  readonly reports: readonly string[];
}

describe('a phone agent that does without an SDK', { concurrency: 3 }, () => {
  let postgres: TestPostgres;
  before(async () => {
    postgres = await startPostgres();
  });
  after(() => postgres?.stop());

  /** The example agent with a file replaced for each stage, called once: a greeting, an answer that is talked over, two more. */
  async function callWithout(
    t: TestContext,
    stages: readonly Stage[],
    { known = false } = {},
  ): Promise<Called> {
    const folder = await temporaryFolder(t);
    await cp(join(packageRoot, 'examples/phone-agent'), folder, { recursive: true });
    for (const file of stages.map((stage) => FILES[stage]))
      await cp(join(packageRoot, 'test/fixtures/programs/uncovered', file), join(folder, file));
    await symlink(join(packageRoot, 'node_modules'), join(folder, 'node_modules'));
    const url = await postgres.createMigrated();
    const db: Database = openPostgres({ url });
    const world = await startObservedWorld(url, {
      // Of a service that is not known nothing is seen.
      agent: {
        program: join(folder, 'agent.js'),
        cwd: folder,
        env: known ? {} : { EARSHOT_PROVIDER_HOSTS: '' },
      },
    });
    try {
      const [call] = await world.makeCalls(['barge_in']);
      assert.ok(call);
      const stored = await storedCall(db, call.callSid);
      const expected = expectCall(call, world.providerTruth(call.callSid));
      await world.close();
      assert.equal(world.agent.complaints, '');
      const lines = [['report'], ['report', call.callSid]];
      const reports = known ? [] : await runLines(lines, { cwd: folder, env: { DATABASE_URL: url } });
      return { expected, stored, reports: reports.map(({ stdout }) => stdout) };
    } finally {
      await world.close();
      await db.close();
    }
  }

  test('tts and llm by fetch and stt by a raw socket, of services that are known: its turns are those of the SDKs', async (t) => {
    const { expected, stored } = await callWithout(t, STAGES, { known: true });
    assert.deepEqual(stored.metrics.unpriced, ['llm:openai/llama-3.1-8b-instant', 'tts:cartesia/unknown']);
    assert.deepEqual(
      stored.logs.map(({ initiator, interrupted, eou_source }) => ({ initiator, interrupted, eou_source })),
      expected.turns.map(({ initiator, interrupted }) => ({
        initiator,
        interrupted,
        eou_source: initiator === 'user' ? 'stt_word_end' : null,
      })),
    );
    for (const stage of STAGES) {
      const seen = stored.facts.filter((fact) => fact.type === 'stage' && fact.stage === stage);
      assert.ok(seen.length >= 3, `${stage}: ${seen.length}`);
    }
  });

  for (const [stage, way] of [
    ['tts', 'fetch'],
    ['llm', 'fetch'],
    ['stt', 'a raw socket'],
  ] as const)
    test(`${stage} by ${way}: the stage is named, and all else is as it was`, async (t) => {
      const { expected, stored, reports } = await callWithout(t, [stage]);
      const { metrics, logs } = stored;
      const isHeard = stage !== 'stt';

      assert.deepEqual(metrics.unpriced, [`${stage}:unknown`]);
      for (const report of reports)
        assert.match(
          report,
          new RegExp(`no price, or no usage, (in 1 call:|for) .*that was not\\sseen\\s\\(${stage}:unknown:`),
        );
      assert.deepEqual(
        stored.facts.filter((fact) => fact.type === 'stage' && fact.stage === stage),
        [],
      );

      // Turns follow what was played. Who opened them is known where the user is heard.
      assert.equal(metrics.turn_count, 4);
      assert.deepEqual(
        logs.map((row) => ({
          initiator: row.initiator,
          interrupted: row.interrupted,
          interruption_kind: row.interruption_kind,
          eou_source: row.eou_source,
          silence: row.eou_latency !== null,
          playback_source: row.playback_source,
          error_type: row.error_type,
        })),
        expected.turns.map(({ initiator, interrupted, latencies }) => ({
          initiator: isHeard ? initiator : null,
          interrupted: isHeard ? interrupted : null,
          interruption_kind: isHeard && interrupted ? 'barge_in' : null,
          eou_source: isHeard && initiator === 'user' ? 'stt_word_end' : null,
          silence: isHeard && latencies.eou_latency !== null,
          playback_source: 'observed',
          error_type: null,
        })),
      );
      assert.deepEqual(
        [metrics.interruption_count, metrics.interruption_rate, metrics.false_interruption_count],
        isHeard ? [1, 0.25, 0] : [null, null, null],
      );
      assert.equal(metrics.end_reason, 'hangup');

      // What the other stages used is in the turns that used it.
      assert.deepEqual(
        logs.map((row) => [row.llm_input_tokens, row.llm_output_tokens, row.tts_characters]),
        expected.turns.map(({ requests, tokens, characters }) => [
          stage === 'llm' || requests === 0 ? null : tokens?.input,
          stage === 'llm' || requests === 0 ? null : tokens?.output,
          stage === 'tts' ? null : characters,
        ]),
      );
      const costs = costsOf(expected, metrics);
      costs[stage] = null;
      assert.deepEqual(
        {
          stt: metrics.cost_stt?.toString() ?? null,
          llm: metrics.cost_llm?.toString() ?? null,
          tts: metrics.cost_tts?.toString() ?? null,
          telephony: metrics.cost_telephony?.toString() ?? null,
          total: metrics.cost_total?.toString() ?? null,
        },
        {
          stt: costs.stt?.toString() ?? null,
          llm: costs.llm?.toString() ?? null,
          tts: costs.tts?.toString() ?? null,
          telephony: costs.telephony?.toString() ?? null,
          total: Decimal.sum(...Object.values(costs).filter((cost) => cost !== null)).toString(),
        },
      );
    });
});

/** What a call costs by list price. */
function costsOf(
  { turns, duration, sttAudioSeconds }: ExpectedCall,
  { started_at: at }: StoredCallMetrics,
): Record<Stage | 'telephony', Decimal | null> {
  const groq = (unit: string) => listPrice('groq', 'llama-3.1-8b-instant', unit, at).dividedBy(1e6);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const minutes = Math.ceil((duration.toMicros - duration.fromMicros) / 60e6);
  return {
    stt: listPrice('deepgram', 'nova-3', 'per_audio_minute', at, 'streaming')
      .dividedBy(60)
      .times(sttAudioSeconds),
    llm: groq('per_million_input_tokens')
      .times(sum(turns.map(({ tokens }) => tokens?.input ?? 0)))
      .plus(groq('per_million_output_tokens').times(sum(turns.map(({ tokens }) => tokens?.output ?? 0)))),
    tts: listPrice('cartesia', 'sonic', 'per_million_characters', at)
      .dividedBy(1e6)
      .times(sum(turns.map(({ characters }) => characters))),
    telephony: listPrice('twilio', 'inbound', 'per_minute', at).times(minutes),
  };
}
