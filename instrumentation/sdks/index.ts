import { createRequire } from 'node:module';
import type { SupportedSdk } from './sdk.ts';

/** Loads a file of this folder when an application loads its SDK, and synchronously: before the SDK's first use. */
const file = createRequire(import.meta.url);
type Files = {
  './assemblyai.js': typeof import('./assemblyai.ts');
  './cartesia.js': typeof import('./cartesia.ts');
  './deepgram.js': typeof import('./deepgram.ts');
  './groq.js': typeof import('./groq.ts');
  './openai.js': typeof import('./openai.ts');
  './twilio-media-streams.js': typeof import('./twilio-media-streams.ts');
};
const load = <Name extends keyof Files>(name: Name): Files[Name] => file(name) as Files[Name];

/** Every SDK that is instrumented without a line of code. `docs/sdks.md` is generated from it. */
export const SDKS: readonly SupportedSdk[] = [
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
    patch: (exports) => load('./groq.js').patchGroq(exports),
  },
  {
    packageName: 'openai',
    supportedVersions: ['>=6.0.0 <8'],
    captures: [
      'chat completions, streamed and whole, of OpenAI and of whoever speaks its protocol: first token, tool calls, tokens',
      'responses, streamed and whole, and their helpers: first token, tool calls, tokens, failures',
      'speech, as bytes and as events: first audio, characters, tokens (events), seconds of audio (PCM and WAV)',
      'transcription of recordings, whole and streamed: the words and the turn they open, tokens, seconds of audio',
    ],
    limits: [
      'A chat stream without `stream_options.include_usage` tells no tokens: they are estimated, and marked so. So are those of a stream that is broken off.',
      'A response in the background is followed until `create` returns; what is polled for later is not.',
      'Of a response that is read through `asResponse()` only the first byte and the end are known.',
      "The end of an utterance is that of its recording, or of its last word with `timestamp_granularities: ['word']`: what the application waited for silence is not in the EOU latency.",
      'With another instrumentation of `openai` its span is the one that is written to. Made around ours, it is not in the trace of its turn but linked to it.',
    ],
    byHand: ['instrumentOpenAI'],
    patch: (exports) => load('./openai.js').patchOpenAi(exports),
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
    patch: (exports) => load('./deepgram.js').patchDeepgram(exports),
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
    patch: (exports) => load('./cartesia.js').patchCartesia(exports),
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
    patch: (exports) => load('./assemblyai.js').patchAssemblyAi(exports),
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
