/**
 * Instruments SDKs by hand: for applications whose bundler puts the SDKs into one file, where no hook sees them being
 * loaded. Each function takes what the application has made of the SDK, patches its class once, and gives it back:
 *
 * ```js
 * import { instrumentGroq } from 'earshot/instrument';
 * const groq = instrumentGroq(new Groq());
 * ```
 *
 * It is no harm where the hooks have done it already. What is no client of that SDK is one warning, and stays as it is.
 * earshot itself must stay outside of the bundle (`external`), so that it is there once.
 */
import { diag } from '@opentelemetry/api';
import { patchAnthropic } from './sdks/anthropic/anthropic.ts';
import { patchAssemblyAiClient } from './sdks/assemblyai/assemblyai.ts';
import { patchCartesia } from './sdks/cartesia/cartesia.ts';
import { patchDeepgram } from './sdks/deepgram/deepgram.ts';
import { patchElevenLabs } from './sdks/elevenlabs/elevenlabs.ts';
import { patchElevenLabsSockets } from './sdks/elevenlabs/stream-input.ts';
import { patchGenai } from './sdks/genai/genai.ts';
import { patchGroq } from './sdks/groq/groq.ts';
import { at, foreign, wrapCount } from './sdks/kit/patch.ts';
import { patchLiveKit } from './sdks/livekit/livekit.ts';
import { patchAgentsRealtime } from './sdks/openai/agents-realtime.ts';
import { patchOpenAi } from './sdks/openai/openai.ts';
import { patchOpenAiRealtime } from './sdks/openai/realtime.ts';
import { patchTwilioMediaStreams } from './sdks/twilio/media-streams.ts';

/** Takes a client, or its class, and gives it back. */
type Instrument = <Client extends object>(client: Client) => Client;

/** `new Groq()` of groq-sdk. */
export const instrumentGroq: Instrument = byClass('groq-sdk', 'Groq', patchGroq);
/** `new OpenAI()` of openai. */
export const instrumentOpenAI: Instrument = byClass('openai', 'OpenAI', patchOpenAi);
/** `new OpenAIRealtimeWS()` or `new OpenAIRealtimeWebSocket()` of openai, before its first event. */
export const instrumentOpenAIRealtime: Instrument = byClass(
  'openai',
  'OpenAIRealtimeWS',
  patchOpenAiRealtime,
);
/** `new RealtimeSession()` of @openai/agents-realtime, before it connects. */
export const instrumentRealtimeSession: Instrument = byClass(
  '@openai/agents-realtime',
  'RealtimeSession',
  patchAgentsRealtime,
);
/** `new DeepgramClient()` of @deepgram/sdk. */
export const instrumentDeepgram: Instrument = byClass('@deepgram/sdk', 'DeepgramClient', patchDeepgram);
/** `new Cartesia()` of @cartesia/cartesia-js. */
export const instrumentCartesia: Instrument = byClass('@cartesia/cartesia-js', 'Cartesia', patchCartesia);
/** `new GoogleGenAI()` of @google/genai. */
export const instrumentGoogleGenAI: Instrument = byHand('a GoogleGenAI of @google/genai', (client) =>
  patchGenai({ Models: at(client, 'models', 'constructor'), Live: at(client, 'live', 'constructor') }),
);
/** ai, which has a hook for it: there is nothing to hand over. */
export { instrumentAI } from './sdks/ai/ai.ts';
/** `new AssemblyAI()` of assemblyai, or a `StreamingTranscriber`. */
export const instrumentAssemblyAI: Instrument = byHand(
  'an AssemblyAI or StreamingTranscriber of assemblyai',
  patchAssemblyAiClient,
);
/**
 * `import * as agents from '@livekit/agents'`, as a whole: rows are made of earshot's spans alone then. Of one
 * `new voice.AgentSession()`, LiveKit's own spans would make a second call where they reach the same exporter.
 */
export const instrumentLiveKit: Instrument = (agents) => {
  if (!foreign(agents)?.voice) return liveKitSession(agents);
  patchLiveKit(agents);
  return agents;
};
/** `new WebSocketServer()` of ws, which serves Twilio Media Streams. */
export const instrumentTwilioMediaStreams: Instrument = byClass(
  'ws',
  'WebSocketServer',
  patchTwilioMediaStreams,
);
/** `new Anthropic()` of @anthropic-ai/sdk. */
export const instrumentAnthropic: Instrument = byClass('@anthropic-ai/sdk', 'Anthropic', patchAnthropic);
/** `new ElevenLabsClient()` of @elevenlabs/elevenlabs-js. */
export const instrumentElevenLabs: Instrument = byClass(
  '@elevenlabs/elevenlabs-js',
  'ElevenLabsClient',
  patchElevenLabs,
);
/** `WebSocket` of ws, with which synthesis sockets of ElevenLabs are opened. */
export const instrumentElevenLabsSockets: Instrument = byClass('ws', 'WebSocket', patchElevenLabsSockets);

const liveKitSession: Instrument = byClass('@livekit/agents', 'AgentSession', patchLiveKit);

/** Patches the class of what it is given as if a module had exported it under `exportName`. */
function byClass(
  packageName: string,
  exportName: string,
  patch: (moduleExports: unknown) => void,
): Instrument {
  return byHand(`a ${exportName} of ${packageName}, or its class`, (client) => {
    const exported = typeof client === 'function' ? client : foreign(client)?.constructor;
    patch({ [exportName]: exported });
  });
}

function byHand(expected: string, patch: (client: unknown) => void): Instrument {
  return (client) => {
    const found = wrapCount();
    patch(client);
    if (wrapCount() === found)
      diag.warn(`earshot: saw ${describe(client)}, expected ${expected}; nothing is instrumented.`);
    return client;
  };
}

function describe(value: unknown): string {
  const name = typeof value === 'function' ? value.name : foreign(value)?.constructor;
  return typeof name === 'function' ? `an instance of ${name.name || 'a class'}` : `${name ?? typeof value}`;
}
