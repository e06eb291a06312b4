import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { trace } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { loadAnalysis } from '../../instrumentation/call/analysis.ts';
import { type Call, startCall } from '../../instrumentation/index.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const TURN_MS = 10_000;
const START_MS = Date.UTC(2026, 10, 1);

/** An exchange of ten seconds, the user's words and the agent's among it. */
function exchange(call: Call, index: number): void {
  const at = (ms: number) => ({ at: START_MS + index * TURN_MS + ms });
  const turn = call.startTurn(at(0));
  turn.userSpeechStarted(at(0));
  const stt = turn.startStt({ provider: 'deepgram', model: 'nova-3', ...at(0) });
  stt.end({ usage: { audioSeconds: 2 }, text: `can I book table ${index} for two`, ...at(2_100) });
  turn.userSpeechEnded({ source: 'vad', ...at(2_000) });
  turn.committed(at(2_200).at);
  const llm = turn.startLlm({ provider: 'groq', model: 'llama-3.1-8b-instant', ...at(2_200) });
  llm.end({
    usage: { inputTokens: 812, outputTokens: 47 },
    text: `Table ${index}, certainly.`,
    ...at(2_600),
  });
  const tts = turn.startTts({ provider: 'cartesia', model: 'sonic-3', ...at(2_600) });
  tts.end({ usage: { characters: 25 }, ...at(2_800) });
  turn.startPlayback(at(2_800)).end(at(5_000));
  turn.end(at(5_000));
}

test('a call holds what its open turn needs, however many it has had', async (t) => {
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [] }));
  t.after(() => trace.disable());
  // Its word lists are larger than anything here.
  await loadAnalysis();
  const call = startCall({ id: 'long', at: START_MS });
  const heapAfter = async (from: number, to: number): Promise<number> => {
    for (let index = from; index < to; index += 1) exchange(call, index);
    // Twice: what the first round lets go of may hold on to more.
    for (let round = 0; round < 2; round += 1) {
      await setImmediate();
      collectGarbage();
    }
    return process.memoryUsage().heapUsed;
  };
  const before = await heapAfter(0, 500);
  const grown = (await heapAfter(500, 2_500)) - before;
  // A span of each turn would be four megabytes.
  assert.ok(grown < 1_000_000, `${grown} bytes`);
  call.end({ at: START_MS + 2_500 * TURN_MS });
});
