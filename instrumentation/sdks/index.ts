import { createRequire } from 'node:module';
import type { SupportedSdk } from './sdk.ts';

/** Loads a file of this folder when an application loads its SDK, and synchronously: before the SDK's first use. */
const file = createRequire(import.meta.url);
type Files = {
  './cartesia.js': typeof import('./cartesia.ts');
  './chat-completions.js': typeof import('./chat-completions.ts');
  './deepgram.js': typeof import('./deepgram.ts');
  './livekit.js': typeof import('./livekit.ts');
  './twilio-media-streams.js': typeof import('./twilio-media-streams.ts');
};
const load = <Name extends keyof Files>(name: Name): Files[Name] => file(name) as Files[Name];

/** Every SDK that is instrumented without a line of code. `docs/sdks.md` is generated from it. */
export const SDKS: readonly SupportedSdk[] = [
  {
    packageName: '@livekit/agents',
    supportedVersions: ['>=1.4.0 <2'],
    captures: [
      'agent sessions: calls, turns, endpointing, playback, barge-in and false interruptions, tools, hand-offs, the close reason and answering machine detection',
      'transcription, model requests and synthesis by any plugin, with what they used; speech-to-speech models with their audio tokens',
    ],
    limits: [
      'LiveKit tells of no usage of an answer that was cut off before it was complete: it has none.',
      'Seconds transcribed are those of the call: LiveKit does not say for which turn they were.',
      'Prompts are not recorded; the spans that LiveKit writes itself go on to the exporter, and no rows are made of them.',
    ],
    byHand: ['instrumentLiveKit'],
    patch: (exports) => load('./livekit.js').patchLiveKit(exports),
  },
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
    packageName: 'ws',
    supportedVersions: ['>=8.0.0 <9'],
    captures: [
      'Twilio Media Streams, on the server side: the call, playback as the caller hears it, barge-in',
    ],
    limits: ['Sockets that do not speak the protocol are left alone.'],
    byHand: ['instrumentTwilioMediaStreams'],
    patch: (exports) => load('./twilio-media-streams.js').patchTwilioMediaStreams(exports),
  },
];
