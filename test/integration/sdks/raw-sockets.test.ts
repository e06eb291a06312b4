import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, it } from 'node:test';
import type CartesiaClient from '@cartesia/cartesia-js';
import * as elevenlabsSdk from '@elevenlabs/elevenlabs-js';
import { ElevenLabsClient, RealtimeEvents } from '@elevenlabs/elevenlabs-js';
import * as genai from '@google/genai';
import * as assemblyai from 'assemblyai';
import OpenAI from 'openai';
import * as openaiRealtime from 'openai/realtime/ws';
import { type CartesiaSimulator, startCartesiaSimulator } from '../../../demo/simulators/cartesia.ts';
import { utterance } from '../../../demo/speech.ts';
import { Call } from '../../../instrumentation/call/call.ts';
import { patchAssemblyAi } from '../../../instrumentation/sdks/assemblyai/assemblyai.ts';
import { patchCartesia } from '../../../instrumentation/sdks/cartesia/cartesia.ts';
import { patchElevenLabs } from '../../../instrumentation/sdks/elevenlabs/elevenlabs.ts';
import { patchGenai } from '../../../instrumentation/sdks/genai/genai.ts';
import { patchOpenAiRealtime } from '../../../instrumentation/sdks/openai/realtime.ts';
import { toPcm24 } from '../../support/microphone.ts';
import { poll } from '../../support/poll.ts';
import { followRawSockets, outline } from '../../support/raw-sockets.ts';
import { type AssemblyAiSimulator, startAssemblyAiSimulator } from '../../support/simulators/assemblyai.ts';
import {
  type CartesiaListenSimulator,
  startCartesiaListenSimulator,
} from '../../support/simulators/cartesia-listen.ts';
import { type ElevenLabsSimulator, startElevenLabsSimulator } from '../../support/simulators/elevenlabs.ts';
import { type GeminiLiveSimulator, startGeminiLiveSimulator } from '../../support/simulators/gemini-live.ts';
import { type RealtimeSimulator, startRealtimeSimulator } from '../../support/simulators/openai-realtime.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';
import { silence, talk } from '../../support/talking.ts';
import { trust } from '../../support/trust.ts';

const cartesiaSdk = createRequire(import.meta.url)('@cartesia/cartesia-js') as {
  Cartesia: typeof CartesiaClient;
};
const SPOKEN = utterance('hours-question');
const MULAW = { encoding: 'pcm_mulaw', sample_rate: 8_000 } as const;
const TEXT = 'Of course, with pleasure.';

let cartesia: CartesiaSimulator;
let cartesiaListen: CartesiaListenSimulator;
let elevenlabs: ElevenLabsSimulator;
let streaming: AssemblyAiSimulator;
let realtime: RealtimeSimulator;
let live: GeminiLiveSimulator;
const started = () => [cartesia, cartesiaListen, elevenlabs, streaming, realtime, live];
before(async () => {
  recordSpans();
  cartesia = await startCartesiaSimulator({ tls: true });
  cartesiaListen = await startCartesiaListenSimulator();
  elevenlabs = await startElevenLabsSimulator();
  streaming = await startAssemblyAiSimulator();
  realtime = await startRealtimeSimulator({ pace: Number.POSITIVE_INFINITY });
  live = await startGeminiLiveSimulator();
  trust(streaming.caPath);
  followRawSockets([
    { url: cartesia.url, provider: 'cartesia' },
    { url: cartesiaListen.url },
    { url: elevenlabs.url },
    { url: streaming.url, provider: 'assemblyai' },
    { url: realtime.url },
    { url: live.url, provider: 'gcp.gemini' },
  ]);
});
after(() => Promise.all(started().map((simulator) => simulator.close())));

/** Says something, and is silent, also after it was `heard`: how much of the silence comes before depends on the machine. */
async function ask(send: (frame: Uint8Array) => void, heard?: Promise<unknown>): Promise<void> {
  await talk(send, SPOKEN.mulaw);
  await talk(send, silence(0.8));
  if (heard === undefined) return;
  await heard;
  await talk(send, silence(0.02));
}

const closedOf = (socket: { on(event: 'close', listener: () => void): unknown }): Promise<void> =>
  new Promise((resolve) => socket.on('close', () => resolve()));

/** What a call comes to in which an SDK is used. */
const USES: Readonly<
  Record<
    string,
    {
      use(): Promise<void>;
      patch(): void;
      stages: readonly string[];
      /** The seconds that the service says it bills. (Default: the audio that was sent.) */
      billed?(): number | undefined;
    }
  >
> = {
  'Cartesia STT, which finds the turns': {
    stages: ['stt'],
    patch: () => patchCartesia(cartesiaSdk),
    use: async () => {
      const client = new cartesiaSdk.Cartesia({ apiKey: 'key', baseURL: cartesiaListen.url });
      const socket = client.stt.autoFinalize.websocket({ model: 'ink-2', ...MULAW });
      const closed = closedOf(socket as never);
      const heard = new Promise((resolve) => socket.on('turn.end', resolve));
      await ask((frame) => socket.sendRaw(frame), heard);
      socket.send({ type: 'close' } as never);
      await closed;
    },
  },
  'Cartesia STT, which is told': {
    stages: ['stt'],
    patch: () => patchCartesia(cartesiaSdk),
    use: async () => {
      const client = new cartesiaSdk.Cartesia({ apiKey: 'key', baseURL: cartesiaListen.url });
      const socket = client.stt.manualFinalize.websocket({ model: 'ink-2', ...MULAW });
      const closed = closedOf(socket as never);
      const flushed = new Promise((resolve) => socket.on('flush_done', resolve));
      await ask((frame) => socket.sendRaw(frame));
      socket.send('finalize' as never);
      await flushed;
      socket.send('close' as never);
      await closed;
    },
  },
  'Cartesia TTS': {
    stages: ['tts'],
    patch: () => patchCartesia(cartesiaSdk),
    use: async () => {
      const client = new cartesiaSdk.Cartesia({ apiKey: 'key', baseURL: cartesia.url });
      const socket = await client.tts.websocket({ rejectUnauthorized: false } as never);
      const voice = socket.context({
        model_id: 'sonic-3.5',
        voice: { mode: 'id', id: 'nora' },
        output_format: { container: 'raw', ...MULAW },
        contextId: 'one',
      });
      await voice.push({ transcript: TEXT });
      await voice.no_more_inputs();
      for await (const _ of voice.receive());
      socket.close();
    },
  },
  'ElevenLabs Scribe': {
    stages: ['stt'],
    patch: () => patchElevenLabs(elevenlabsSdk),
    use: async () => {
      const client = new ElevenLabsClient({ apiKey: 'key', baseUrl: elevenlabs.url });
      const connection = await client.speechToText.realtime.connect({
        modelId: 'scribe_v2_realtime',
        audioFormat: 'ulaw_8000' as never,
        sampleRate: 8_000,
        commitStrategy: 'vad' as never,
        vadSilenceThresholdSecs: 0.4,
        includeTimestamps: true,
      });
      const heard = new Promise((resolve) =>
        connection.on(RealtimeEvents.COMMITTED_TRANSCRIPT_WITH_TIMESTAMPS, resolve),
      );
      await new Promise((resolve) => connection.on(RealtimeEvents.SESSION_STARTED, () => resolve(undefined)));
      const closed = new Promise((resolve) => connection.on(RealtimeEvents.CLOSE, () => resolve(undefined)));
      await ask((frame) => connection.send({ audioBase64: Buffer.from(frame).toString('base64') }), heard);
      connection.close();
      await closed;
    },
  },
  'AssemblyAI streaming': {
    stages: ['stt'],
    patch: () => patchAssemblyAi(assemblyai),
    billed: () => {
      const ended = streaming.truth.findLast(
        (event) => event.kind === 'sent' && event.message.type === 'Termination',
      );
      return ended?.kind === 'sent' && ended.message.type === 'Termination'
        ? ended.message.session_duration_seconds
        : undefined;
    },
    use: async () => {
      const session = new assemblyai.StreamingTranscriber({
        apiKey: 'key',
        websocketBaseUrl: streaming.wsUrl,
        sampleRate: 8_000,
        encoding: 'pcm_mulaw',
        speechModel: 'universal-streaming-english',
        maxConnectionRetries: 0,
        connectTimeout: 60_000,
      });
      await session.connect();
      const heard = new Promise((resolve) =>
        session.on('turn', ({ end_of_turn }) => end_of_turn && resolve(undefined)),
      );
      await ask((frame) => session.sendAudio(new Uint8Array(frame).buffer), heard);
      await session.close();
    },
  },
  'OpenAI Realtime': {
    stages: ['llm', 'stt', 'playback'],
    patch: () => patchOpenAiRealtime(openaiRealtime),
    use: async () => {
      const client = new openaiRealtime.OpenAIRealtimeWS(
        { model: 'gpt-realtime', options: { rejectUnauthorized: false } } as never,
        new OpenAI({ apiKey: 'key', baseURL: `${realtime.url}/v1` }),
      );
      const told = (type: string) =>
        new Promise<void>((resolve) => client.on(type as never, (() => resolve()) as never));
      await told('session.created');
      const updated = told('session.updated');
      client.send({
        type: 'session.update',
        session: { type: 'realtime', audio: { input: { transcription: { model: 'gpt-4o-transcribe' } } } },
      });
      await updated;
      const done = Promise.all([
        told('response.done'),
        told('conversation.item.input_audio_transcription.completed'),
      ]);
      await ask((frame) =>
        client.send({ type: 'input_audio_buffer.append', audio: toPcm24(frame).toString('base64') }),
      );
      await done;
      client.close();
      await poll(() => client.socket.readyState === 3);
    },
  },
  'Gemini Live': {
    stages: ['llm', 'stt', 'playback'],
    patch: () => patchGenai(genai),
    use: async () => {
      live.behave({
        heard: ['Can I book a table?'],
        answers: [{ text: 'Of course.', seconds: 0.1 }],
        voiceActivity: true,
      });
      const client = new genai.GoogleGenAI({ apiKey: 'key', httpOptions: { baseUrl: live.url } });
      let complete = (): void => {};
      const completed = new Promise<void>((resolve) => {
        complete = resolve;
      });
      let close = (): void => {};
      const closed = new Promise<void>((resolve) => {
        close = resolve;
      });
      const session = await client.live.connect({
        model: 'gemini-live-2.5-flash',
        config: { responseModalities: [genai.Modality.AUDIO], inputAudioTranscription: {} },
        callbacks: {
          onmessage: (message) => message.serverContent?.turnComplete && complete(),
          onclose: () => close(),
        },
      });
      const send = (loud: boolean) => () =>
        session.sendRealtimeInput({
          audio: {
            data: Buffer.alloc(640, loud ? Buffer.from([0xe8, 0x03]) : 0).toString('base64'),
            mimeType: 'audio/pcm;rate=16000',
          },
        });
      await talk(send(true), new Uint8Array(4_800));
      await talk(send(false), new Uint8Array(4_800));
      await completed;
      session.close();
      await closed;
    },
  },
};

async function outlineOf(use: () => Promise<void>) {
  takeFacts();
  const call = new Call();
  await call.run(use);
  call.end();
  return outline(takeFacts());
}

describe('a socket whose protocol is known', () => {
  for (const [name, { use, patch, stages, billed }] of Object.entries(USES))
    it(`${name}: gives what the SDK gives that reads the same, and both together count once`, async () => {
      // The SDK is as one that is not known: its sockets are the application's own.
      const { heardSeconds: rawSeconds, ...raw } = await outlineOf(use);
      const rawBilled = billed?.();
      patch();
      const { heardSeconds, ...bySdk } = await outlineOf(use);
      assert.deepEqual(raw, bySdk);
      assert.deepEqual([rawSeconds, heardSeconds], billed ? [rawBilled, billed()] : [rawSeconds, rawSeconds]);
      for (const stage of stages)
        assert.ok(
          raw.stages.some((seen) => seen.stage === stage),
          stage,
        );
    });
});
