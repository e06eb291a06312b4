import { createRequire } from 'node:module';
import type { SupportedSdk } from './sdk.ts';

/** Loads a file of this folder when an application loads its SDK, and synchronously: before the SDK's first use. */
const file = createRequire(import.meta.url);
type Files = {
  './anthropic.js': typeof import('./anthropic.ts');
  './cartesia.js': typeof import('./cartesia.ts');
  './chat-completions.js': typeof import('./chat-completions.ts');
  './deepgram.js': typeof import('./deepgram.ts');
  './elevenlabs.js': typeof import('./elevenlabs.ts');
  './elevenlabs-stream-input.js': typeof import('./elevenlabs-stream-input.ts');
  './twilio-media-streams.js': typeof import('./twilio-media-streams.ts');
};
const load = <Name extends keyof Files>(name: Name): Files[Name] => file(name) as Files[Name];

/** Every SDK that is instrumented without a line of code. `docs/sdks.md` is generated from it. */
export const SDKS: readonly SupportedSdk[] = [
  {
    packageName: 'groq-sdk',
    supportedVersions: ['>=1.0.0 <2'],
    captures: ['chat completions, streamed and whole: first token, tool calls, tokens'],
    byHand: ['instrumentGroq'],
    patch: (exports) => load('./chat-completions.js').patchGroqChat(exports),
  },
  {
    packageName: 'openai',
    supportedVersions: ['>=6.0.0 <8'],
    captures: [
      'chat completions, streamed and whole, of OpenAI and of whoever speaks its protocol: first token, tool calls, tokens',
    ],
    limits: [
      'A stream without `stream_options.include_usage` tells no tokens: they are estimated, and marked so.',
    ],
    byHand: ['instrumentOpenAI'],
    patch: (exports) => load('./chat-completions.js').patchOpenAiChat(exports),
  },
  {
    packageName: '@deepgram/sdk',
    supportedVersions: ['>=5.0.0 <6'],
    captures: ['live listen v1: speech start and end, first and final transcript, billed audio'],
    byHand: ['instrumentDeepgram'],
    patch: (exports) => load('./deepgram.js').patchDeepgram(exports),
  },
  {
    packageName: '@cartesia/cartesia-js',
    supportedVersions: ['>=4.0.0 <5'],
    captures: [
      'synthesis as bytes, as events and over the WebSocket: first audio, characters, seconds of audio',
    ],
    limits: ['Node 20 cannot open its WebSocket from ES modules, with or without earshot.'],
    byHand: ['instrumentCartesia'],
    patch: (exports) => load('./cartesia.js').patchCartesia(exports),
  },
  {
    packageName: '@elevenlabs/elevenlabs-js',
    supportedVersions: ['>=2.0.0 <3'],
    captures: [
      'synthesis over HTTP, with and without timestamps, and dialogues: first audio, characters, seconds of audio',
      'realtime transcription, in the versions that have it: first and committed transcript, end of speech, seconds of audio',
    ],
    limits: [
      'Without `includeTimestamps` nothing tells where in the audio the words lie: the start of speech is not known, and its end is the silence that was waited for, or the moment of the commit.',
      'How long compressed audio lasts (`mp3_…`, the default, and `opus_…`) is not known.',
      'The header `character-cost` counts credits and not characters: what was sent is counted.',
    ],
    byHand: ['instrumentElevenLabs'],
    patch: (exports) => load('./elevenlabs.js').patchElevenLabs(exports),
  },
  {
    packageName: '@anthropic-ai/sdk',
    supportedVersions: ['>=0.50.1 <2'],
    captures: [
      'messages, streamed and whole, and of the beta: first token, tool calls, tokens with those of the cache. From 1.0 on the SDK writes a span for each itself, which becomes the stage; none is added',
    ],
    limits: ['Of a bare response (`asResponse()`) the tokens are not known.'],
    byHand: ['instrumentAnthropic'],
    patch: (exports) => load('./anthropic.js').patchAnthropic(exports),
  },
  {
    packageName: 'ws',
    supportedVersions: ['>=8.0.0 <9'],
    captures: [
      'Twilio Media Streams, on the server side: the call, playback as the caller hears it, barge-in',
      'ElevenLabs `stream-input` and `multi-stream-input`, on the client side: first audio, characters, seconds of audio',
    ],
    limits: [
      'Sockets that do not speak one of these protocols are left alone.',
      'A `stream-input` socket that is kept open does not say when a text has been spoken: it has, when no audio came for a second after a flush.',
    ],
    byHand: ['instrumentTwilioMediaStreams', 'instrumentElevenLabsSockets'],
    patch: (exports) => {
      load('./twilio-media-streams.js').patchTwilioMediaStreams(exports);
      load('./elevenlabs-stream-input.js').patchElevenLabsSockets(exports);
    },
  },
];
