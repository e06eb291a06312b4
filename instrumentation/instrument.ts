/**
 * Instruments SDKs by hand: for applications whose bundler puts the SDKs into one file, where no hook sees them being
 * loaded. Each function takes what the application has made of the SDK, patches its class once, and gives it back:
 *
 * ```js
 * import { instrumentGroq } from 'earshot/instrument';
 * const groq = instrumentGroq(new Groq());
 * ```
 *
 * Where the hooks have done it already, nothing happens. For anything other than a client of that SDK there is one warning,
 * and it stays as it is. earshot itself must stay outside of the bundle (`external`), so that it is there once.
 */
import { diag } from '@opentelemetry/api';
import { guard } from './call/spans.ts';
import { type ByHandName, SDKS } from './sdks/index.ts';
import { classOf, foreign, wrapCount } from './sdks/kit/patch.ts';
import type { ByHand } from './sdks/kit/sdk.ts';

/** Takes a client, or its class, and gives it back. */
type Instrument = <Client extends object>(client: Client) => Client;

/** `new Groq()` of groq-sdk. */
export const instrumentGroq: Instrument = byHand('instrumentGroq');
/** `new OpenAI()` of openai. */
export const instrumentOpenAI: Instrument = byHand('instrumentOpenAI');
/** `new OpenAIRealtimeWS()` or `new OpenAIRealtimeWebSocket()` of openai, before its first event. */
export const instrumentOpenAIRealtime: Instrument = byHand('instrumentOpenAIRealtime');
/** `new RealtimeSession()` of @openai/agents-realtime, before it connects. */
export const instrumentRealtimeSession: Instrument = byHand('instrumentRealtimeSession');
/** `new DeepgramClient()` of @deepgram/sdk. */
export const instrumentDeepgram: Instrument = byHand('instrumentDeepgram');
/** `new Cartesia()` of @cartesia/cartesia-js. */
export const instrumentCartesia: Instrument = byHand('instrumentCartesia');
/** `new GoogleGenAI()` of @google/genai. */
export const instrumentGoogleGenAI: Instrument = byHand('instrumentGoogleGenAI');
/** ai, which has a hook for it: there is nothing to hand over. */
export const instrumentAI = (): void => void find('instrumentAI').load({})({});
/** `new AssemblyAI()` of assemblyai, or a `StreamingTranscriber`. */
export const instrumentAssemblyAI: Instrument = byHand('instrumentAssemblyAI');
/**
 * `import * as agents from '@livekit/agents'`, as a whole: rows are made of earshot's spans alone then. Of one
 * `new voice.AgentSession()`, LiveKit's own spans would make a second call where they reach the same exporter.
 */
export const instrumentLiveKit: Instrument = byHand('instrumentLiveKit');
/** `new WebSocketServer()` of ws, which serves Twilio Media Streams. */
export const instrumentTwilioMediaStreams: Instrument = byHand('instrumentTwilioMediaStreams');
/** `new WebSocketServer()` of ws, which serves Telnyx media streams. */
export const instrumentTelnyxMediaStreams: Instrument = byHand('instrumentTelnyxMediaStreams');
/** `new WebSocketServer()` of ws, which serves Plivo audio streams. */
export const instrumentPlivoMediaStreams: Instrument = byHand('instrumentPlivoMediaStreams');
/** `new WebSocketServer()` of ws, which serves Vonage WebSockets. */
export const instrumentVonageMediaStreams: Instrument = byHand('instrumentVonageMediaStreams');
/** `new WebSocketServer()` of ws, which serves SignalWire media streams. */
export const instrumentSignalWireMediaStreams: Instrument = byHand('instrumentSignalWireMediaStreams');
/** `new Anthropic()` of @anthropic-ai/sdk. */
export const instrumentAnthropic: Instrument = byHand('instrumentAnthropic');
/** `new ElevenLabsClient()` of @elevenlabs/elevenlabs-js, or of elevenlabs, its predecessor. */
export const instrumentElevenLabs: Instrument = byHand('instrumentElevenLabs');
/** `new Together()` of together-ai. */
export const instrumentTogether: Instrument = byHand('instrumentTogether');
/** `new Cerebras()` of @cerebras/cerebras_cloud_sdk. */
export const instrumentCerebras: Instrument = byHand('instrumentCerebras');
/** `new Ollama()` of ollama, or its default export. */
export const instrumentOllama: Instrument = byHand('instrumentOllama');
/** `CohereClient` of cohere-ai, before a `new CohereClientV2()` is made. */
export const instrumentCohere: Instrument = byHand('instrumentCohere');
/** `new BedrockRuntimeClient()` of @aws-sdk/client-bedrock-runtime. */
export const instrumentBedrock: Instrument = byHand('instrumentBedrock');
/** `new PollyClient()` of @aws-sdk/client-polly. */
export const instrumentPolly: Instrument = byHand('instrumentPolly');
/** `new TranscribeStreamingClient()` of @aws-sdk/client-transcribe-streaming. */
export const instrumentTranscribe: Instrument = byHand('instrumentTranscribe');
/** `new SpeechClient()` of @google-cloud/speech. */
export const instrumentGoogleSpeech: Instrument = byHand('instrumentGoogleSpeech');
/** `new TextToSpeechClient()` of @google-cloud/text-to-speech. */
export const instrumentGoogleTextToSpeech: Instrument = byHand('instrumentGoogleTextToSpeech');
/** `new HumeClient()` of hume. */
export const instrumentHume: Instrument = byHand('instrumentHume');

/** `WebSocket` of ws, with which the application opens sockets to providers itself. */
export const instrumentSockets: Instrument = byHand('instrumentSockets');

function byHand(name: ByHandName): Instrument {
  const { takes, exportsOf, load } = find(name);
  return (client) => {
    const found = wrapCount();
    guard(`instrumenting ${takes}`, () => {
      const moduleExports = exportsOf(client);
      load(moduleExports)(moduleExports);
    });
    if (wrapCount() === found)
      diag.warn(`earshot: saw ${describe(client)}, expected ${takes}; nothing is instrumented.`);
    return client;
  };
}

function find(name: ByHandName) {
  for (const { packageName, byHand, load } of SDKS) {
    const found = byHand[name];
    if (found) return { load, ...(typeof found === 'string' ? ofClass(found, packageName) : found) };
  }
  throw new Error(`No SDK is instrumented by ${name}.`);
}

/** Takes what a module exports under `exportName`, or an instance of it, which may be of a class derived from it. */
function ofClass(exportName: string, packageName: string): ByHand {
  return {
    takes: `a ${exportName} of ${packageName}, or its class`,
    exportsOf: (client) => ({ [exportName]: classOf(client) }),
  };
}

function describe(value: unknown): string {
  const name = typeof value === 'function' ? value.name : foreign(value)?.constructor;
  return typeof name === 'function' ? `an instance of ${name.name || 'a class'}` : `${name ?? typeof value}`;
}
