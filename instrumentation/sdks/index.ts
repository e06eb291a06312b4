import { createRequire } from 'node:module';
import { pick } from './kit/patch.ts';
import type { SupportedSdk } from './sdk.ts';

/** Loads a file of this folder when an application loads its SDK, and synchronously: before the SDK's first use. */
const file = createRequire(import.meta.url);
type Files = {
  './anthropic/anthropic.js': typeof import('./anthropic/anthropic.ts');
  './openai/agents-realtime.js': typeof import('./openai/agents-realtime.ts');
  './ai/ai.js': typeof import('./ai/ai.ts');
  './assemblyai/assemblyai.js': typeof import('./assemblyai/assemblyai.ts');
  './cartesia/cartesia.js': typeof import('./cartesia/cartesia.ts');
  './genai/genai.js': typeof import('./genai/genai.ts');
  './deepgram/deepgram.js': typeof import('./deepgram/deepgram.ts');
  './elevenlabs/elevenlabs.js': typeof import('./elevenlabs/elevenlabs.ts');
  './elevenlabs/stream-input.js': typeof import('./elevenlabs/stream-input.ts');
  './groq/groq.js': typeof import('./groq/groq.ts');
  './openai/openai.js': typeof import('./openai/openai.ts');
  './openai/realtime.js': typeof import('./openai/realtime.ts');
  './livekit/livekit.js': typeof import('./livekit/livekit.ts');
  './twilio/media-streams.js': typeof import('./twilio/media-streams.ts');
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
    packageName: '@livekit/agents',
    supportedVersions: ['>=1.4.0 <2'],
    captures: [
      'agent sessions: calls, turns, endpointing, playback, barge-in and false interruptions, tools, hand-offs, the close reason and answering machine detection',
      'transcription, model requests and synthesis by any plugin, with what they used; speech-to-speech models with their audio tokens',
    ],
    limits: [
      'LiveKit tells of no usage of an answer that was cut off before it was complete: it has none.',
      'Seconds transcribed are those of the call: LiveKit does not say for which turn they were.',
      'Prompts are not recorded. The spans that LiveKit writes itself go on to the exporter, and no rows are made of them. Unless content capture is on, what was said is taken off them; where the application has a tracer provider of its own, they are as LiveKit writes them.',
    ],
    byHand: ['instrumentLiveKit'],
    patch: (exports) => load('./livekit/livekit.js').patchLiveKit(exports),
  },
  {
    packageName: 'groq-sdk',
    supportedVersions: ['>=1.0.0 <2'],
    captures: [
      'chat completions, streamed and whole: first token, tool calls, tokens',
      'speech: first audio, characters, seconds of audio (WAV)',
      'transcription of recordings: the words and the turn they open, seconds of audio',
    ],
    limits: [
      "The end of an utterance is that of its recording, or of its last word with `timestamp_granularities: ['word']`: what the application waited for silence is not in the EOU latency.",
      'A recording tells its length in `verbose_json`; otherwise only a WAV file in memory can be measured.',
    ],
    byHand: ['instrumentGroq'],
    patch: (exports) => load('./groq/groq.js').patchGroq(exports),
  },
  {
    packageName: 'openai',
    modules: ['openai', ...OPENAI_REALTIME],
    supportedVersions: ['>=6.0.0 <8'],
    captures: [
      'chat completions, streamed and whole, of OpenAI and of whoever speaks its protocol: first token, tool calls, tokens',
      'responses, streamed and whole, and their helpers: first token, tool calls, tokens, failures',
      'speech, as bytes and as events: first audio, characters, tokens (events), seconds of audio (PCM and WAV)',
      'transcription of recordings, whole and streamed: the words and the turn they open, tokens, seconds of audio',
      'Realtime, over `openai/realtime/ws` and `/websocket`: speech start and end, first audio, tools, transcripts, barge-in, tokens of text and audio',
    ],
    limits: [
      'A chat stream without `stream_options.include_usage` tells no tokens: they are estimated, and marked so. So are those of a stream that is broken off.',
      'A response in the background is followed until `create` returns; what is polled for later is not.',
      'Of a response that is read through `asResponse()` only the first byte and the end are known.',
      "The end of an utterance is that of its recording, or of its last word with `timestamp_granularities: ['word']`: what the application waited for silence is not in the EOU latency.",
      'With another instrumentation of `openai` its span is the one that is written to. Made around ours, it is not in the trace of its turn but linked to it.',
      'Realtime: playback is estimated from the audio that came, unless a transport such as Twilio Media Streams shows it.',
      'Realtime: `semantic_vad` does not tell how long the silence was, and without turn detection the end of speech is when the application commits it: `eou_source` is `stt_event` then.',
      'Realtime: two clients without a call around them are two calls, also where one follows the other after a break.',
    ],
    byHand: ['instrumentOpenAI', 'instrumentOpenAIRealtime'],
    patch: (exports) => {
      if (pick(exports, 'OpenAIRealtimeWS') ?? pick(exports, 'OpenAIRealtimeWebSocket'))
        load('./openai/realtime.js').patchOpenAiRealtime(exports);
      else load('./openai/openai.js').patchOpenAi(exports);
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
    byHand: ['instrumentRealtimeSession'],
    patch: (exports) => load('./openai/agents-realtime.js').patchAgentsRealtime(exports),
  },
  {
    packageName: '@deepgram/sdk',
    supportedVersions: ['>=5.0.0 <6'],
    captures: [
      'live listen v1 and v2 (Flux): speech start and end, first and final transcript, audio sent; turns that Flux ends, ends too early and resumes',
      'synthesis, as requests and over the sockets of v1 and v2: first audio, characters as billed, seconds of audio, barge-in',
      'transcription of recordings: the words and the turn they open, billed audio',
      'the voice agent: turns, tool calls, what listens, thinks and speaks, the latencies that it reports of itself, playback',
    ],
    limits: [
      'Deepgram bills the voice agent by the time that it is connected: its stages have no billable usage, and are named in `unpriced`.',
      'The voice agent does not say when the user fell silent: it follows from the latency that it reports, and the source is `framework`; from its transcript, and `stt_event`, where it reports none.',
      'Flux once told no times of words: then the end of speech is where the audio ends in which the last word was understood, about a quarter of a second late, and the source is `stt_event`.',
      'The length of compressed audio is not known. Voices of Deepgram have no list price here: give your own (docs/pricing.md).',
    ],
    byHand: ['instrumentDeepgram'],
    patch: (exports) => load('./deepgram/deepgram.js').patchDeepgram(exports),
  },
  {
    packageName: '@cartesia/cartesia-js',
    supportedVersions: ['>=4.0.0 <5'],
    captures: [
      'synthesis as bytes, as events and over the WebSocket: first audio, characters, seconds of audio',
      'live transcription (`stt.autoFinalize`, `stt.manualFinalize`): speech start and end, first and final transcript, audio sent, refused and broken connections',
      'transcription of recordings (`stt.transcribe`): the words and the turn they open, seconds of audio',
    ],
    limits: [
      'Node 20 cannot open its WebSockets from ES modules, with or without earshot.',
      '`autoFinalize` tells no positions in the audio: speech starts when `turn.start` comes, and ends when `turn.eager_end` comes, else `turn.end`. The EOU latency is too short by what the model waited.',
      'Transcription is billed by the time that the socket is open, which no message tells: counted is the audio that was sent.',
      "The end of an utterance is that of its recording, or of its last word with `timestamp_granularities: ['word']`: what the application waited for silence is not in the EOU latency.",
    ],
    byHand: ['instrumentCartesia'],
    patch: (exports) => load('./cartesia/cartesia.js').patchCartesia(exports),
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
    patch: (exports) => load('./elevenlabs/elevenlabs.js').patchElevenLabs(exports),
  },
  {
    packageName: '@anthropic-ai/sdk',
    supportedVersions: ['>=0.50.1 <2'],
    captures: [
      'messages, streamed and whole, and of the beta: first token, tool calls, tokens with those of the cache. From 1.0 on the SDK writes a span for each itself, which becomes the stage; none is added',
    ],
    limits: ['Of a bare response (`asResponse()`) the tokens are not known.'],
    byHand: ['instrumentAnthropic'],
    patch: (exports) => load('./anthropic/anthropic.js').patchAnthropic(exports),
  },
  {
    packageName: 'assemblyai',
    // `assemblyai/streaming` is a build of its own; `require` shows the file that it resolves to.
    modules: ['assemblyai', 'assemblyai/streaming', 'assemblyai/dist/streaming.cjs'],
    supportedVersions: ['>=4.13.2 <5'],
    captures: [
      'streaming (`StreamingTranscriber`): speech start and end, first and final transcript, billed session time, refused and broken connections',
    ],
    limits: [
      'Billed is how long a session is open, which its end tells. A session that does not end with `Termination` counts the audio that was sent.',
      'Compressed audio (Opus, AAC) tells no positions: speech starts and ends when the message about it comes.',
      'Without `speechModel` the model is unknown.',
      'Sessions have no list price here: give your own (docs/pricing.md).',
      'Recordings (`transcripts`, `sync`, `dictation`), the LLM gateway and the older `RealtimeTranscriber` are not followed.',
    ],
    byHand: ['instrumentAssemblyAI'],
    patch: (exports) => load('./assemblyai/assemblyai.js').patchAssemblyAi(exports),
  },
  {
    packageName: 'ai',
    supportedVersions: ['>=7.0.0 <8'],
    captures: [
      'every request to a language model, streamed and whole, with any provider: first token, tool calls, tokens',
      'tool executions',
      '`generateSpeech`: characters, and seconds of `pcm`; `transcribe`: the utterance, which ends with its recording',
    ],
    limits: [
      'A call that names its own `telemetry.integrations`, or has `telemetry.isEnabled` false, is not seen.',
      'Speech and transcription are told of since 7.0.124, and come whole. `streamTranscribe` and realtime sessions, which are experiments, are not followed.',
      'A request that `@ai-sdk/otel` traces keeps that span, which becomes the stage; speech and transcription have a span of each.',
      'An answer that is left without `abortSignal` ends with its call, or after five minutes.',
      'ai 6 and 5 have no hook: their `experimental_telemetry` spans count where they name the call.',
    ],
    byHand: ['instrumentAI'],
    patch: () => load('./ai/ai.js').patchAi(),
  },
  {
    packageName: '@google/genai',
    supportedVersions: ['>=2.0.0 <4'],
    captures: [
      '`generateContent`, streamed and whole, of Gemini and of Vertex AI, of models and chats: first token, tool calls, tokens by kind',
      'Live: user and agent turns, audio, interruptions, tool calls, transcripts, tokens by kind, across resumed connections',
    ],
    limits: [
      'Tools that the SDK runs by itself (automatic function calling, MCP) have no stage; each request between them has.',
      'The Interactions API is not seen.',
      'Live tells no end of speech of itself. It is known from voice activity (the server’s, or `activityEnd` of the application), else from `inputAudioTranscription` with `wordTimestamp`; else a turn counts from the first transcript, and without transcription it is the agent’s and has no EOU latency.',
      'Live tells no request: without voice activity, an answer to speech has no first byte of the model.',
    ],
    byHand: ['instrumentGoogleGenAI'],
    patch: (exports) => load('./genai/genai.js').patchGenai(exports),
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
      load('./twilio/media-streams.js').patchTwilioMediaStreams(exports);
      load('./elevenlabs/stream-input.js').patchElevenLabsSockets(exports);
    },
  },
];
