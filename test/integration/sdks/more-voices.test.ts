import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as elevenlabs from 'elevenlabs';
import * as oldElevenlabs from 'elevenlabs-oldest';
import * as hume from 'hume';
import * as oldHume from 'hume-oldest';
import * as openai4 from 'openai-4';
import type { Loopback } from '../../../demo/simulators/server.ts';
import { listenOnLoopback, readJson, sendJson } from '../../../demo/simulators/server.ts';
import { Call } from '../../../instrumentation/call/call.ts';
import { patchElevenLabs } from '../../../instrumentation/sdks/elevenlabs/elevenlabs.ts';
import { patchHume } from '../../../instrumentation/sdks/hume/hume.ts';
import { patchOpenAi } from '../../../instrumentation/sdks/openai/openai.ts';
import type { StageFact } from '../../../model/facts.ts';
import { stagesOf } from '../../support/facts.ts';
import { poll } from '../../support/poll.ts';
import { type ElevenLabsSimulator, startElevenLabsSimulator } from '../../support/simulators/elevenlabs.ts';
import { type AudioSimulator, startAudioSimulator } from '../../support/simulators/openai-audio.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';

const TEXT = 'Of course, with pleasure. At what time?';
/** Half a second of Hume's `pcm`. */
const PIECE = Buffer.alloc(48_000);
const HUME_SECONDS = 1;
const VOICE = 'JBFqnCBsd6RMkjVDRZzb';

let voices: ElevenLabsSimulator;
let openai: AudioSimulator;
let humeServer: Loopback;
before(async () => {
  recordSpans();
  for (const exports of [elevenlabs, oldElevenlabs]) patchElevenLabs(exports);
  patchOpenAi(openai4);
  for (const exports of [hume, oldHume]) patchHume(exports);
  [voices, openai, humeServer] = await Promise.all([
    startElevenLabsSimulator({ firstByteMs: [20, 30], speed: [40, 50] }),
    startAudioSimulator(),
    startHumeSimulator(),
  ]);
});
after(() => Promise.all([voices.close(), openai.close(), humeServer.close()]));

/** Hume's synthesis: two pieces of half a second. */
function startHumeSimulator(): Promise<Loopback> {
  return listenOnLoopback({
    onRequest: async (request, response) => {
      await readJson(request);
      const audio = PIECE.toString('base64');
      const generation = { generation_id: 'one', duration: HUME_SECONDS, file_size: 2 * PIECE.length };
      if (request.url === '/v0/tts') {
        const whole = Buffer.concat([PIECE, PIECE]).toString('base64');
        const encoding = { format: 'pcm', sample_rate: 48_000 };
        const generations = [{ ...generation, audio: whole, encoding, snippets: [] }];
        return sendJson(response, 200, { request_id: 'one', generations });
      }
      if (request.url === '/v0/tts/stream/json') {
        response.writeHead(200, { 'content-type': 'application/json' });
        for (const isLast of [false, true])
          response.write(
            `${JSON.stringify({
              type: 'audio',
              audio,
              audio_format: 'pcm',
              chunk_index: 0,
              generation_id: 'one',
              is_last_chunk: isLast,
              request_id: 'one',
              snippet_id: 'one',
              snippet: {
                audio: '',
                generation_id: 'one',
                id: 'one',
                text: TEXT,
                timestamps: [],
                utterance_index: 0,
              },
              text: TEXT,
              utterance_index: 0,
            })}\n`,
          );
      } else {
        response.writeHead(200, { 'content-type': 'audio/pcm' });
        response.write(PIECE);
        response.write(PIECE);
      }
      response.end();
    },
  });
}

/** The synthesis that work in a call comes to. */
async function spokenBy(work: () => unknown): Promise<StageFact> {
  takeFacts();
  const call = new Call();
  await call.run(work);
  const found: StageFact[] = [];
  await poll(() => found.push(...stagesOf(takeFacts(), 'tts')) > 0);
  call.end();
  const [stage, ...others] = [...found, ...stagesOf(takeFacts(), 'tts')];
  assert.deepEqual(others, []);
  assert.ok(stage);
  assert.deepEqual([stage.callId, stage.turnIndex], [call.id, 0]);
  return stage;
}

/** Reads pieces until there are `enough`. */
const read = async (answer: unknown, enough = Number.POSITIVE_INFINITY): Promise<void> => {
  let pieces = 0;
  for await (const _ of (await answer) as AsyncIterable<unknown>) if (++pieces >= enough) break;
};

const lasted = (seconds: number) => ({ characters: TEXT.length, audioSeconds: seconds });

for (const [name, { ElevenLabsClient }] of [
  ['elevenlabs', elevenlabs],
  ['the oldest elevenlabs', oldElevenlabs],
] as const)
  describe(name, () => {
    const request = { text: TEXT, model_id: 'eleven_flash_v2_5', output_format: 'ulaw_8000' as never };
    const options = { maxRetries: 0, timeoutInSeconds: 5 };
    const speech = () => {
      const environment = name === 'elevenlabs' ? { base: voices.url, wss: voices.url } : voices.url;
      const client = new ElevenLabsClient({ apiKey: 'key', environment } as never);
      return client.textToSpeech as unknown as Record<string, (...args: unknown[]) => unknown>;
    };
    const ask = (method: string) => speech()[method]?.call(speech(), VOICE, request, options);

    for (const method of ['convert', 'convertAsStream', 'streamWithTimestamps'])
      it(`${method}: first byte, characters and seconds`, async () => {
        const stage = await spokenBy(() => read(ask(method)));
        const truth = voices.truth.findLast((event) => event.kind === 'finished');
        assert.ok(truth?.kind === 'finished');
        assert.deepEqual([stage.provider, stage.model], ['elevenlabs', 'eleven_flash_v2_5']);
        assert.deepEqual(stage.usage, lasted(truth.audioSeconds ?? 0));
        assert.ok(stage.firstByteUs !== undefined && stage.firstByteUs >= stage.startUs + 15_000);
      });

    it('is cancelled where the application stops reading, and fails as it failed', async () => {
      const stopped = await spokenBy(() => read(ask('convertAsStream'), 1));
      assert.deepEqual([stopped.cancelled, stopped.errorType], [true, undefined]);
      voices.faults.next({ kind: 'status', status: 422 });
      const refused = await spokenBy(() => assert.rejects(async () => ask('convertAsStream')));
      assert.ok(refused.errorType);
      assert.equal(refused.usage, undefined);
    });
  });

describe('speech of openai 4, whose answers are those of node-fetch', () => {
  const ask = () =>
    new openai4.OpenAI({ apiKey: 'key', baseURL: `${openai.url}/v1`, maxRetries: 0 }).audio.speech.create({
      model: 'tts-1',
      voice: 'nova',
      input: TEXT,
      response_format: 'wav',
    });

  for (const [how, consume] of [
    ['as bytes', async () => (await ask()).arrayBuffer()],
    ['as a stream of Node', async () => read((await ask()).body)],
  ] as const)
    it(`is read ${how}: first byte, characters and seconds`, async () => {
      const stage = await spokenBy(consume);
      const truth = openai.truth.findLast((event) => event.kind === 'spoken');
      assert.ok(truth?.kind === 'spoken');
      assert.deepEqual([stage.provider, stage.model], ['openai', 'tts-1']);
      assert.deepEqual(stage.usage, lasted(truth.audioSeconds));
      assert.ok(stage.firstByteUs !== undefined && stage.firstByteUs > stage.startUs);
    });

  it('is cancelled where the application stops reading', async () => {
    const stage = await spokenBy(async () => read((await ask()).body, 1));
    assert.deepEqual([stage.cancelled, stage.errorType], [true, undefined]);
  });
});

for (const [name, { HumeClient }] of [
  ['hume', hume],
  ['the oldest hume', oldHume],
] as const)
  describe(name, () => {
    const ask = (method: string) => {
      const client = new HumeClient({ apiKey: 'key', environment: humeServer.url } as never);
      const tts = client.tts as unknown as Record<string, (...args: unknown[]) => unknown>;
      const request = { utterances: [{ text: TEXT }], version: '2', format: { type: 'pcm' } };
      return tts[method]?.call(tts, request, { maxRetries: 0 });
    };

    it('speaks whole: characters and seconds', async () => {
      const stage = await spokenBy(() => ask('synthesizeJson'));
      assert.deepEqual([stage.provider, stage.model], ['hume', 'octave-2']);
      assert.deepEqual(stage.usage, lasted(HUME_SECONDS));
    });

    it('speaks as events and as bytes: first audio, characters and seconds', async () => {
      const events = await spokenBy(() => read(ask('synthesizeJsonStreaming')));
      assert.deepEqual(events.usage, lasted(HUME_SECONDS));
      assert.ok(events.firstByteUs !== undefined && events.firstByteUs > events.startUs);
      const bytes = await spokenBy(async () => {
        const file = (await ask('synthesizeFileStreaming')) as { arrayBuffer?(): Promise<unknown> };
        await (file.arrayBuffer ? file.arrayBuffer() : read(file));
      });
      assert.deepEqual(bytes.usage, lasted(HUME_SECONDS));
    });
  });
