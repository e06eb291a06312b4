import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI, * as namespace from 'openai';
import { nowMicros } from '../../../demo/now.ts';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { catalogue } from '../../../exporter/pricing/index.ts';
import { Call } from '../../../instrumentation/call/call.ts';
import { patchOpenAi } from '../../../instrumentation/sdks/openai/openai.ts';
import { SEGMENTS } from '../../../model/vocabulary.ts';
import { assertNear, stoodStillMicros } from '../../support/near.ts';
import {
  type AudioSimulator,
  recording,
  startAudioSimulator,
} from '../../support/simulators/openai-audio.ts';
import { type ResponsesSimulator, startResponsesSimulator } from '../../support/simulators/responses.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';

let audio: AudioSimulator;
let responses: ResponsesSimulator;
before(async () => {
  recordSpans();
  patchOpenAi(namespace);
  audio = await startAudioSimulator({ firstByteMs: 60 });
  responses = await startResponsesSimulator({ firstTokenMs: [80, 90] });
});
after(async () => {
  await audio.close();
  await responses.close();
});

const TOOLS: OpenAI.Responses.Tool[] = [
  { type: 'function', name: 'get_opening_hours', parameters: { type: 'object' }, strict: false },
];

test('an agent that records, transcribes, thinks, looks something up and speaks gives one turn that adds up', async () => {
  const listening = new OpenAI({ apiKey: 'key', baseURL: `${audio.url}/v1` });
  const thinking = new OpenAI({ apiKey: 'key', baseURL: `${responses.url}/v1` });
  const call = new Call({ direction: 'web', at: Date.now() - 10_000 });
  takeFacts();
  audio.transcript = 'When do you open on Sunday?';

  const sent = nowMicros();
  await call.run(async () => {
    const { text } = await listening.audio.transcriptions.create({
      model: 'whisper-1',
      file: new File([new Uint8Array(recording(2))], 'turn.wav'),
    });
    const input: OpenAI.Responses.ResponseInput = [{ role: 'user', content: text }];
    const model = 'gpt-4.1-mini';
    const asked = await thinking.responses.create({ model, input, tools: TOOLS });
    const [item] = asked.output;
    assert.equal(item?.type, 'function_call');
    input.push(item, { type: 'function_call_output', call_id: item.call_id, output: '18:00' });
    let words = '';
    for await (const event of await thinking.responses.create({ model, input, stream: true }))
      if (event.type === 'response.output_text.delta') words += event.delta;
    const speech = await listening.audio.speech.create({
      model: 'tts-1',
      voice: 'nova',
      input: words,
      response_format: 'pcm',
    });
    for await (const _ of speech.body ?? []);
  });
  call.end();

  const { logs, metrics } = finalizeCall(takeFacts(), catalogue());
  const [turn, ...more] = logs;
  assert.ok(turn);
  assert.equal(more.length, 0);
  assert.equal(turn.initiator, 'user');
  assert.equal(turn.eou_source, 'stt_event');

  // The user had stopped when the agent sent the recording, and hears the audio that the simulator sends.
  const heard = audio.truth.find(({ kind }) => kind === 'first_byte')?.atMicros ?? 0;
  assertNear(sent + (turn.eou_latency ?? Number.NaN) * 1e6, heard, stoodStillMicros(sent - 100_000, heard));
  const segments = SEGMENTS.map((segment) => turn[`segment_${segment}`] ?? 0);
  assert.equal(
    Math.round(segments.reduce((sum, seconds) => sum + seconds * 1e6, 0)),
    Math.round((turn.eou_latency ?? 0) * 1e6),
  );
  assert.ok((turn.ttfb_stt ?? 0) > 0.05 && (turn.ttfb_llm ?? 0) > 0.07 && (turn.ttfb_tts ?? 0) > 0.05);

  const used = responses.truth.flatMap((event) => (event.kind === 'finished' ? [event.usage] : []));
  const inputTokens = used.reduce((sum, usage) => sum + usage.input_tokens, 0);
  const outputTokens = used.reduce((sum, usage) => sum + usage.output_tokens, 0);
  assert.equal(turn.llm_input_tokens, inputTokens);
  assert.equal(turn.llm_output_tokens, outputTokens);
  assert.equal(turn.stt_audio_seconds, 2);
  const cached = used.reduce((sum, usage) => sum + usage.input_tokens_details.cached_tokens, 0);
  // 2 s at $0.006 a minute; $0.40, $0.10 cached and $1.60 a million tokens; $15 a million characters.
  assert.equal(metrics.cost_stt?.toString(), '0.0002');
  assert.equal(
    metrics.cost_llm?.toFixed(),
    `${((inputTokens - cached) * 4 + cached + outputTokens * 16) / 1e7}`,
  );
  assert.equal(metrics.cost_tts?.times(1e6).toString(), `${(turn.tts_characters ?? 0) * 15}`);
  assert.deepEqual(metrics.unpriced, []);
});
