import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type * as Agents from '@livekit/agents';
import { assertAccurate, type Measured } from '../support/accuracy.ts';
import type { Measurement } from '../support/ground-truth.ts';
import { BUILDS, type Story, tellStory } from '../support/livekit/story.ts';
import { recordSpans } from '../support/spans.ts';
import { watchStalls } from '../support/stalls.ts';

const MOST_ERROR_MS = 20;
/** LiveKit reads the same clock. */
const MOST_BESIDE_FRAMEWORK_MS = 5;
/** Its first sample is loud enough a little later. */
const MOST_SPEECH_START_MS = 40;

// To talk is to wait: the sessions take a tenth of a processor, and can do it at the same time.
describe(`each instant of a LiveKit session is within ${MOST_ERROR_MS} ms of what its models and its caller did`, {
  concurrency: true,
}, () => {
  before(() => {
    recordSpans();
  });
  const stalls = watchStalls();
  for (const [i, { name, agents }] of BUILDS.entries())
    test(name, (t) =>
      assertAccurate(t, { mostErrorMs: MOST_ERROR_MS, mostExcused: 0.1 }, async () => {
        const from = stalls.length;
        const story = await tellStory(agents as typeof Agents, `agent_${i}`);
        const oldest = name.includes('1.4');
        return { measurements: measure(story, oldest), stalls: stalls.slice(from) } satisfies Measured;
      }),
    );
});

/** An instant beside the true one. */
function instant(
  column: string,
  where: string,
  us: number | undefined,
  ms: number | undefined,
  mostErrorMs?: number,
): Measurement {
  assert.ok(us !== undefined && ms !== undefined, `${where}: ${column} is ${us}, ${ms}`);
  const truth = { fromMicros: 0, toMicros: ms * 1_000 };
  return { column, where, measuredSeconds: us / 1e6, truth, ...(mostErrorMs && { mostErrorMs }) };
}

function measure({ conversation, told }: Story, oldest: boolean): Measurement[] {
  const { caller, speaker, llm, tts, stt, reported } = conversation;
  const { turns, stages } = told;
  const measurements: Measurement[] = [];
  const add = (...measurement: Parameters<typeof instant>) => measurements.push(instant(...measurement));

  const answered = turns.filter(({ initiator }) => initiator === 'user');
  for (const [i, turn] of answered.entries()) {
    const where = `turn ${turn.turnIndex}`;
    const { startMs, endMs } = caller.spoken[i] ?? {};
    const heardMs = speaker.heard.find((heard) => heard.startMs > (endMs ?? 0))?.startMs;
    assert.ok(endMs !== undefined && heardMs !== undefined && turn.reportedEouLatencySeconds !== undefined);
    measurements.push({
      column: 'EOU latency',
      where,
      measuredSeconds: turn.reportedEouLatencySeconds,
      truth: { fromMicros: endMs * 1_000, toMicros: heardMs * 1_000 },
    });
    add('speech end', where, turn.speechEndedUs, endMs);
    add('speech start', where, turn.speechStartedUs, startMs, MOST_SPEECH_START_MS);
    const truth = stt.truth[turn.turnIndex - 1];
    const [transcription] = stages('stt', turn.turnIndex);
    add('first words', where, transcription?.firstByteUs, truth?.firstTextMs);
    add('final words', where, transcription?.endUs, truth?.finalTextMs);
  }
  for (const { startMs, latency } of reported) {
    const playback = stages('playback').find(({ startUs }) => Math.abs(startUs / 1_000 - startMs) <= 5);
    const turn = turns.find(({ turnIndex }) => turnIndex === playback?.turnIndex);
    measurements.push({
      column: 'reported latency',
      where: `turn ${turn?.turnIndex}`,
      measuredSeconds: turn?.reportedEouLatencySeconds ?? Number.NaN,
      truth: { fromMicros: (startMs - latency * 1_000) * 1_000, toMicros: startMs * 1_000 },
      mostErrorMs: MOST_BESIDE_FRAMEWORK_MS,
    });
  }
  for (const [i, heard] of speaker.heard.entries()) {
    const playback = stages('playback')[i];
    add('playback start', `reply ${i}`, playback?.startUs, heard.startMs);
    add('playback end', `reply ${i}`, playback?.endUs, heard.endMs);
  }
  const spoken = llm.truth.filter(({ endMs }) => endMs !== undefined);
  for (const stage of stages('llm').filter(({ cancelled }) => cancelled !== true)) {
    const where = `turn ${stage.turnIndex}`;
    const truth = spoken.find(({ startMs }) => Math.abs(startMs - stage.startUs / 1_000) < 50);
    add('request', where, stage.startUs, truth?.startMs);
    add('first token', where, stage.firstByteUs, truth?.firstByteMs);
    add('last token', where, stage.endUs, truth?.endMs);
  }
  for (const [i, { startMs, firstByteMs }] of tts.truth.entries()) {
    add('synthesis', `sentence ${i}`, stages('tts')[i]?.startUs, startMs);
    add('first audio', `sentence ${i}`, stages('tts')[i]?.firstByteUs, firstByteMs);
  }
  const [tool] = stages('tool');
  const milliseconds = ((tool?.endUs ?? 0) - (tool?.startUs ?? 0)) / 1_000;
  // In 1.4 it starts with the model's word for it, which is before the end of the answer.
  measurements.push({
    column: 'tool',
    where: 'turn 4',
    measuredSeconds: milliseconds / 1_000,
    truth: { fromMicros: tool?.startUs ?? 0, toMicros: (tool?.startUs ?? 0) + 80_000 },
    mostErrorMs: oldest ? 270 : 40,
  });
  return measurements;
}
