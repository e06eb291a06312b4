import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { callPath } from '../../../recordings/names.ts';
import { peaksOf } from '../../../recordings/peaks.ts';
import { listRecordings } from '../../../recordings/recordings.ts';
import { Folder } from '../../../storage/folder.ts';
import type { Truth } from '../../support/livekit-upload/agent.ts';
import { KEY } from '../../support/livekit-upload/token.ts';
import { startServe, untilReady } from '../../support/otlp-server.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { connect, rowsOf } from '../../support/processors.ts';
import { run } from '../../support/program.ts';
import { packageRoot } from '../../support/root.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const AGENT = fileURLToPath(new URL('../../support/livekit-upload/agent.js', import.meta.url));

let postgres: TestPostgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

const KEYS = { LIVEKIT_API_KEY: KEY.key, LIVEKIT_API_SECRET: KEY.secret };

async function receiver(t: TestContext, env: Readonly<Record<string, string>>) {
  const database = await postgres.createMigrated();
  const folder = join(await temporaryFolder(t), 'recordings');
  const serve = await startServe(t, { DATABASE_URL: database, EARSHOT_RECORDINGS: folder, ...KEYS, ...env });
  await untilReady(serve.url);
  return { database, folder, serve };
}

/** A Python that has livekit-agents, which no package of npm brings. */
const PYTHON = process.env.EARSHOT_TEST_LIVEKIT_PYTHON;

/** When the caller is first heard in a recording, in seconds from its first sample. */
function firstLoud(peaks: Buffer): number {
  for (let at = 0; at < peaks.length; at += 2) if ((peaks[at] ?? 0) > 12) return at / 100;
  return Number.NaN;
}

/** One conversation of three turns, uploaded by an agent to a receiver, and what became of it. */
async function converse(
  t: TestContext,
  env: Readonly<Record<string, string>> = {},
  own: Readonly<Record<string, string>> = {},
) {
  const { database, folder, serve } = await receiver(t, own);
  const { code, stdout, stderr } = await run(AGENT, {
    nodeArgs: [],
    args: ['AJ_test'],
    env: { ...KEYS, LIVEKIT_OBSERVABILITY_URL: serve.url, ...env },
  });
  assert.equal(code, 0, stderr);
  const lines = stdout.trim().split('\n');
  const truth = JSON.parse(lines.pop() ?? '') as Truth;
  const db = connect(t, database);
  const { metrics, logs } = await rowsOf(db, 'AJ_test', 3);
  const recordings = await listRecordings(new Folder(folder), callPath('AJ_test'));
  return { serve, db, truth, metrics, logs, folder, recordings, said: [...lines, stderr].join('\n') };
}

/**
 * Seconds. Wide, and wider by what the agent stood still: whether the unit and the origin are right. How exact figures are is
 * for test/accuracy.
 */
const nearWhere =
  (stoodStillSeconds: number) => (seen: number | null | undefined, truth: number, what: string) =>
    assert.ok(
      typeof seen === 'number' && Math.abs(seen - truth) < 1.5 + stoodStillSeconds,
      `${what}: saw ${seen}, truth ${truth}, and the agent stood still for ${stoodStillSeconds}`,
    );

describe('an agent of @livekit/agents whose LIVEKIT_OBSERVABILITY_URL is earshot serve', () => {
  for (const [name, delayMs] of [
    ['that sends its spans in time', 100],
    ['that exits before it has sent any span', 600_000],
  ] as const)
    test(`${name} has rows, words and a recording`, async (t) => {
      const { truth, metrics, logs, folder, recordings, said, serve } = await converse(
        t,
        { OTEL_BSP_SCHEDULE_DELAY: String(delayMs), LIVEKIT_TEST_LOG: 'warn' },
        { OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true' },
      );
      const near = nearWhere(truth.stoodStillMs / 1e3);
      assert.doesNotMatch(said, /upload|export|telemetry|PinoCloud/i, 'the SDK has no complaint');
      assert.deepEqual(
        [metrics.agent_name, metrics.service_name, metrics.turn_count],
        ['front-desk', 'livekit-agents', 3],
      );
      assert.deepEqual(
        [metrics.llm_input_tokens, metrics.llm_cached_tokens, metrics.llm_output_tokens],
        [100, 40, 20].map((each) => each * truth.requests),
      );
      assert.equal(metrics.stt_audio_seconds, 2 * truth.utterances.length, 'no span has the seconds');
      assert.equal(metrics.tts_characters, truth.spoken.join('').length, 'the report counts them twice');
      assert.ok(metrics.cost_stt && metrics.cost_llm && metrics.cost_tts);
      assert.deepEqual(
        metrics.unpriced.filter((each) => !each.startsWith('livekit:')),
        [],
      );
      assert.deepEqual(
        logs.map((turn) => [turn.initiator, turn.user_text, turn.agent_text, turn.interrupted]),
        [
          ['agent', null, truth.spoken[0], false],
          ['user', 'At seven please.', truth.spoken[1], false],
          ['user', 'What time do you close on Sunday?', truth.spoken[2], false],
        ],
      );
      for (const [index, { endMs }] of truth.utterances.entries()) {
        const turn = logs[index + 1];
        near(turn?.eou_latency, ((truth.heard[index + 1]?.startMs ?? 0) - endMs) / 1e3, 'silence');
        assert.deepEqual([turn?.stt_provider, turn?.stt_model], ['deepgram', 'nova-3']);
        if (delayMs > 1_000) assert.ok(turn?.ttfb_llm && turn.ttfb_tts, 'of the history');
        const { sources } = turn ?? {};
        if (delayMs > 1_000) assert.deepEqual(sources, { '*': 'report' });
        else assert.deepEqual([sources?.stt_model, sources?.['*']], ['report', undefined]);
      }
      near(metrics.ended_at / 1e6, (truth.heard.at(-1)?.endMs ?? 0) / 1e3 + 0.5, 'end');

      const [recording, ...others] = recordings;
      assert.ok(recording && others.length === 0);
      assert.equal(recording.format, 'ogg');
      near(recording.startUs / 1e6, metrics.started_at / 1e6, 'the first sample');
      const peaks = (await peaksOf(new Folder(folder), recording)) ?? Buffer.alloc(0);
      const from = (ms = 0) => (ms * 1e3 - recording.startUs) / 1e6;
      near(
        firstLoud(peaks),
        from(truth.utterances[0]?.startMs),
        'the caller, left, by the recording’s clock',
      );
      assert.equal(metrics.room_id, 'RM_AJ_test');
      assert.equal(metrics.sources?.stt_audio_seconds, 'report');
      near(recording.seconds, ((truth.heard.at(-1)?.endMs ?? 0) * 1e3 - recording.startUs) / 1e6, 'length');
      assert.deepEqual(
        serve.lines().filter(({ level }) => level === 'warn' || level === 'error'),
        [],
      );
    });

  test('says nothing of its words where content is not captured, and is heard where recordings are kept', async (t) => {
    const { db, logs, recordings } = await converse(t, { OTEL_BSP_SCHEDULE_DELAY: '600000' });
    assert.ok(logs.every(({ user_text, agent_text }) => user_text === null && agent_text === null));
    const kept = JSON.stringify(await db.query('SELECT facts FROM earshot.call_spans'));
    assert.doesNotMatch(kept, /seven|Luigi|pleasure|sunday/i);
    assert.equal(recordings.length, 1);
  });
});

test('an agent of livekit-agents (Python) has rows, words and a recording, once each', async (t) => {
  if (PYTHON === undefined) {
    t.skip(
      'EARSHOT_TEST_LIVEKIT_PYTHON names no Python with livekit-agents: python3 -m venv V && V/bin/pip install livekit-agents',
    );
    return;
  }
  const { database, folder, serve } = await receiver(t, {
    OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true',
  });
  const program = join(packageRoot, 'test/fixtures/programs/livekit_agent.py');
  const child = spawn(PYTHON, [program, 'AJ_python'], {
    // Behind a slash, which this SDK keeps.
    env: { ...KEYS, PATH: process.env.PATH, LIVEKIT_OBSERVABILITY_URL: `${serve.url}/` },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (data) => {
    said += data;
  });
  const [code] = await once(child, 'close');
  assert.equal(code, 0, said);
  assert.doesNotMatch(said, /upload|export|flush/i, 'the SDK has no complaint');
  const { metrics, logs } = await rowsOf(connect(t, database), 'AJ_python', 2);
  assert.deepEqual(
    [metrics.agent_name, metrics.end_reason, metrics.stt_audio_seconds, metrics.tts_characters],
    ['front-desk', 'user_initiated', 2, 'Good evening.We close at ten.'.length],
  );
  assert.deepEqual(
    [metrics.llm_input_tokens, metrics.llm_cached_tokens, metrics.llm_output_tokens],
    [100, 40, 20],
  );
  assert.ok(metrics.cost_stt && metrics.cost_llm && metrics.cost_tts);
  assert.deepEqual(
    logs.map((turn) => [turn.user_text, turn.agent_text, turn.stt_model]),
    [
      [null, 'Good evening.', null],
      ['When do you close?', 'We close at ten.', 'nova-3'],
    ],
  );
  const [recording] = await listRecordings(new Folder(folder), callPath('AJ_python'));
  assert.ok(recording && recording.seconds > 1);
  nearWhere(0)(recording.startUs / 1e6, metrics.started_at / 1e6, 'the first sample');
});
