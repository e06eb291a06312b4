import { createRequire } from 'node:module';
import { pick } from './patch.ts';
import type { SupportedSdk } from './sdk.ts';

/** Loads a file of this folder when an application loads its SDK, and synchronously: before the SDK's first use. */
const file = createRequire(import.meta.url);
type Files = {
  './agents-realtime.js': typeof import('./agents-realtime.ts');
  './cartesia.js': typeof import('./cartesia.ts');
  './chat-completions.js': typeof import('./chat-completions.ts');
  './deepgram.js': typeof import('./deepgram.ts');
  './openai-realtime.js': typeof import('./openai-realtime.ts');
  './twilio-media-streams.js': typeof import('./twilio-media-streams.ts');
};
const load = <Name extends keyof Files>(name: Name): Files[Name] => file(name) as Files[Name];

/** `require` names a module below a package by its file, `import` as it was written. */
const OPENAI_REALTIME = [
  'realtime/ws',
  'realtime/websocket',
  'beta/realtime/ws',
  'beta/realtime/websocket',
].flatMap((path) => [`openai/${path}`, `openai/${path}.js`]);

/** Every SDK that is instrumented without a line of code. `docs/sdks.md` is generated from it. */
export const SDKS: readonly SupportedSdk[] = [
  {
    packageName: 'groq-sdk',
    supportedVersions: ['>=1.0.0 <2'],
    captures: ['chat completions, streamed and whole: first token, tool calls, tokens'],
    patch: (exports) => load('./chat-completions.js').patchGroqChat(exports),
  },
  {
    packageName: 'openai',
    modules: ['openai', ...OPENAI_REALTIME],
    supportedVersions: ['>=6.0.0 <8'],
    captures: [
      'chat completions, streamed and whole, of OpenAI and of whoever speaks its protocol: first token, tool calls, tokens',
      'Realtime, over `openai/realtime/ws` and `/websocket`: speech start and end, first audio, tools, transcripts, barge-in, tokens of text and audio',
    ],
    limits: [
      'A stream without `stream_options.include_usage` tells no tokens: they are estimated, and marked so.',
      'Realtime: playback is estimated from the audio that came, unless a transport such as Twilio Media Streams shows it.',
      'Realtime: `semantic_vad` does not tell how long the silence was, and without turn detection the end of speech is when the application commits it: `eou_source` is `stt_event` then.',
      'Realtime: two clients without a call around them are two calls, also where one follows the other after a break.',
    ],
    patch: (exports) => {
      if (pick(exports, 'OpenAIRealtimeWS') ?? pick(exports, 'OpenAIRealtimeWebSocket'))
        load('./openai-realtime.js').patchOpenAiRealtime(exports);
      else load('./chat-completions.js').patchOpenAiChat(exports);
    },
  },
  {
    packageName: '@openai/agents-realtime',
    supportedVersions: ['>=0.8.0 <1'],
    captures: [
      'sessions over WebSocket, Twilio and SIP transports: speech start and end, first audio, tools, transcripts, barge-in, tokens of text and audio; also as `@openai/agents/realtime`',
    ],
    limits: [
      'WebRTC sessions run in the browser.',
      'Playback is estimated from the audio that came, unless the Twilio transport, whose socket is followed, or the server of a SIP call shows it.',
      'Its default turn detection, `semantic_vad`, does not tell how long the silence was: `eou_source` is `stt_event` then.',
    ],
    patch: (exports) => load('./agents-realtime.js').patchAgentsRealtime(exports),
  },
  {
    packageName: '@deepgram/sdk',
    supportedVersions: ['>=5.0.0 <6'],
    captures: ['live listen v1: speech start and end, first and final transcript, billed audio'],
    patch: (exports) => load('./deepgram.js').patchDeepgram(exports),
  },
  {
    packageName: '@cartesia/cartesia-js',
    supportedVersions: ['>=4.0.0 <5'],
    captures: [
      'synthesis as bytes, as events and over the WebSocket: first audio, characters, seconds of audio',
    ],
    limits: ['Node 20 cannot open its WebSocket from ES modules, with or without earshot.'],
    patch: (exports) => load('./cartesia.js').patchCartesia(exports),
  },
  {
    packageName: 'ws',
    supportedVersions: ['>=8.0.0 <9'],
    captures: [
      'Twilio Media Streams, on the server side: the call, playback as the caller hears it, barge-in',
    ],
    limits: ['Sockets that do not speak the protocol are left alone.'],
    patch: (exports) => load('./twilio-media-streams.js').patchTwilioMediaStreams(exports),
  },
];
