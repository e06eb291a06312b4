import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { finalizeCall } from '../../../exporter/finalize.ts';
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
  const { metrics, logs } = finalizeCall(factsIn(await readFile(output)), RECORDING_PRICES);
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
  for (const log of logs.slice(1)) {
    const { eou_latency, segment_endpointing, segment_aggregation, segment_tts, user_speech_seconds } = log;
    assert.ok(eou_latency && user_speech_seconds && user_speech_seconds > 0.9);
    // 0.2 s of the voice detector and 0.4 s of the strategy, by the pipeline's own clock.
    assert.ok(segment_endpointing !== null && segment_endpointing >= 0.59, String(segment_endpointing));
    assert.ok(segment_aggregation !== null && segment_tts !== null);
  }
  assert.ok((metrics.user_speech_seconds ?? 0) >= 3.6);
});
