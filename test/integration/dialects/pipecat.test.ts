import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { finalizeCall } from '../../../exporter/finalize.ts';
import type { StageFact } from '../../../model/facts.ts';
import { factsIn } from '../../support/otlp-json.ts';
import { RECORDING_PRICES } from '../../support/recorded-rows.ts';
import { packageRoot } from '../../support/root.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** A Python that has Pipecat, which no package of npm brings. */
const PYTHON = process.env.EARSHOT_TEST_PIPECAT_PYTHON;

test('the observer that the guide shows gives a real pipeline playback, endpointing and speech', {
  skip:
    PYTHON === undefined &&
    "EARSHOT_TEST_PIPECAT_PYTHON names no Python with Pipecat: python3 -m venv V && V/bin/pip install 'pipecat-ai[tracing]' openai opentelemetry-exporter-otlp-proto-common",
}, async (t) => {
  const output = join(await temporaryFolder(t), 'spans.json');
  const recorder = join(packageRoot, 'test/fixtures/recorders/pipecat_agent.py');
  const guide = join(packageRoot, 'docs/guides/pipecat.md');
  const { stderr } = await promisify(execFile)(
    PYTHON ?? '',
    [recorder, output, join(packageRoot, 'dist'), guide],
    { maxBuffer: 1 << 26 },
  );
  assert.doesNotMatch(stderr, / ERROR /);
  const facts = factsIn(await readFile(output));
  const { metrics, logs } = finalizeCall(facts, RECORDING_PRICES);
  assert.deepEqual(
    logs.map(({ playback_source, interrupted }) => [playback_source, interrupted]),
    [
      ['observed', false],
      ['observed', false],
      ['observed', true],
      // The hang-up comes before its end.
      ['estimated', false],
    ],
  );
  const [ends, commits] = (['speech', 'commit'] as const).map((part) =>
    facts.filter((fact) => fact.type === 'turn_part' && fact.part === part).map(({ endUs }) => endUs),
  ) as [number[], number[]];
  const stages = facts.filter((fact) => fact.type === 'stage');
  const [playbacks, syntheses] = (['playback', 'tts'] as const).map((kind) =>
    stages.filter(({ stage }) => stage === kind),
  ) as [StageFact[], StageFact[]];
  assert.deepEqual([ends.length, commits.length], [3, 3]);
  for (const [i, log] of logs.slice(1).entries()) {
    const { eou_latency, segment_endpointing, segment_aggregation, segment_tts, user_speech_seconds } = log;
    assert.ok(eou_latency && user_speech_seconds && user_speech_seconds > 0.9);
    const commitUs = commits[i] ?? Number.NaN;
    // 0.2 s of the voice detector and 0.4 s of the strategy, by the pipeline's own clock.
    const waitedUs = commitUs - (ends[i] ?? Number.NaN);
    assert.ok(waitedUs >= 590_000, String(waitedUs));
    assert.ok(segment_endpointing !== null && segment_aggregation !== null && segment_tts !== null);
    // Two of Pipecat's observers saw the agent begin, each when it came to it: the latency is of one, the playback of the other.
    const answers = log.playback_source === 'observed' ? playbacks : syntheses;
    const answer = answers.find(({ startUs }) => startUs > commitUs);
    const heardUs = log.playback_source === 'observed' ? answer?.startUs : answer?.firstByteUs;
    const silentSinceUs = (heardUs ?? Number.NaN) - eou_latency * 1e6;
    assert.ok(Math.abs(segment_endpointing * 1e6 - (commitUs - silentSinceUs)) < 2);
  }
  assert.ok((metrics.user_speech_seconds ?? 0) >= 3.6);
});
