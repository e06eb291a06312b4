import { type CartesiaSimulator, startCartesiaSimulator } from '../../demo/simulators/cartesia.ts';
import { startDeepgramSimulator } from '../../demo/simulators/deepgram.ts';
import { utterance } from '../../demo/speech.ts';
import { at } from '../../instrumentation/sdks/kit/patch.ts';
import { startAssemblyAiSimulator } from './simulators/assemblyai.ts';
import { startCartesiaListenSimulator } from './simulators/cartesia-listen.ts';
import { startFluxSimulator } from './simulators/deepgram-flux.ts';
import { startDeepgramSpeakSimulator } from './simulators/deepgram-speak.ts';
import { startElevenLabsSimulator } from './simulators/elevenlabs.ts';
import { startGeminiLiveSimulator } from './simulators/gemini-live.ts';
import { startGladiaSimulator } from './simulators/gladia.ts';
import { startRealtimeSimulator } from './simulators/openai-realtime.ts';
import { startSonioxSimulator, startSpeechmaticsSimulator } from './simulators/piecewise-recognisers.ts';
import { startRimeSimulator } from './simulators/rime.ts';
import { silence } from './talking.ts';

/** What a program of its own does on a socket: see test/fixtures/programs/raw-conversations.mjs. */
type Step = readonly ['send' | 'talk' | 'until', string] | readonly ['close'];

type Message = Readonly<Record<string, unknown>>;
type Sees = (message: Message) => boolean;

/** One protocol: how a conversation goes in it, and by which messages one sees what happens. */
export interface RawProtocol {
  readonly name: string;
  readonly provider: string;
  start(): Promise<{ readonly url: string; close(): Promise<void> }>;
  /** Path and query. */
  readonly path: string | ((url: string) => Promise<string>);
  readonly headers?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
  /** Of 20 ms of audio. (Default: of mu-law at 8 kHz.) */
  readonly frameBytes?: number;
  /** What a frame of audio is sent as. (Default: bytes.) */
  readonly template?: string;
  /** The client has something spoken. */
  readonly says?: Sees;
  /** Audio comes; bytes are audio wherever there are any. */
  readonly audio?: Sees;
  /** All audio has come. */
  readonly spoken?: Sees;
  /** Words come, for the first time and for good. */
  readonly words?: Sees;
  readonly final?: Sees;
  /** Words have positions in the audio. */
  readonly timed?: boolean;
}

export const SPOKEN = utterance('hours-question');
const TEXT = 'Of course, with pleasure.';
/** Before the speech: OpenAI's beginning of speech lies a third of a second before it, and not before the audio's. */
export const QUIET_SECONDS = 0.4;
const speech = Buffer.concat([silence(QUIET_SECONDS), SPOKEN.mulaw]).toString('base64');
const quiet = (seconds: number): Step => ['talk', Buffer.from(silence(seconds)).toString('base64')];
const json = (message: object): Step => ['send', JSON.stringify(message)];
const has = (message: Message, ...path: string[]): boolean => {
  const value = at(message, ...path);
  return typeof value === 'string' ? value.trim() !== '' : Array.isArray(value) && value.length > 0;
};
const type =
  (name: string, key = 'type'): Sees =>
  (message) =>
    message[key] === name;
const TALK = [['talk', speech], quiet(0.9)] as const satisfies readonly Step[];
const MULAW = 'encoding=mulaw&sample_rate=8000';
const PCM_MULAW = 'encoding=pcm_mulaw&sample_rate=8000';
const alternative = (message: Message) => at(message, 'channel', 'alternatives', '0', 'transcript');

/** Those that agents speak most. */
export const RAW_PROTOCOLS: readonly RawProtocol[] = [
  {
    name: 'Deepgram listen v1',
    provider: 'deepgram',
    start: () => startDeepgramSimulator(),
    path: `/v1/listen?model=nova-3&interim_results=true&vad_events=true&endpointing=300&${MULAW}`,
    headers: { authorization: 'Token key' },
    steps: [...TALK, json({ type: 'CloseStream' })],
    words: (message) => Boolean(alternative(message)),
    final: (message) => message.is_final === true && Boolean(alternative(message)),
    timed: true,
  },
  {
    name: 'Deepgram listen v2',
    provider: 'deepgram',
    start: () => startFluxSimulator(),
    path: `/v2/listen?model=flux-general-en&${MULAW}`,
    headers: { authorization: 'Token key' },
    steps: [...TALK, ['until', 'EndOfTurn'], json({ type: 'CloseStream' })],
    words: (message) => message.type === 'TurnInfo' && has(message, 'transcript'),
    final: (message) => message.event === 'EndOfTurn',
  },
  {
    name: 'Deepgram speak v1',
    provider: 'deepgram',
    start: () => startDeepgramSpeakSimulator(),
    path: `/v1/speak?model=aura-2-thalia-en&${MULAW}`,
    headers: { authorization: 'Token key' },
    steps: [json({ type: 'Speak', text: TEXT }), json({ type: 'Flush' }), ['until', 'Flushed'], ['close']],
    says: type('Speak'),
    spoken: type('Flushed'),
  },
  {
    name: 'ElevenLabs stream-input',
    provider: 'elevenlabs',
    start: () => startElevenLabsSimulator(),
    path: '/v1/text-to-speech/nora/stream-input?model_id=eleven_flash_v2_5&output_format=ulaw_8000',
    headers: { 'xi-api-key': 'key' },
    steps: [json({ text: ' ' }), json({ text: TEXT }), json({ text: '' })],
    says: (message) => has(message, 'text'),
    audio: (message) => has(message, 'audio'),
    spoken: (message) => message.isFinal === true,
  },
  {
    name: 'ElevenLabs Scribe',
    provider: 'elevenlabs',
    start: () => startElevenLabsSimulator(),
    path: '/v1/speech-to-text/realtime?model_id=scribe_v2_realtime&audio_format=ulaw_8000&commit_strategy=vad&vad_silence_threshold_secs=0.4&include_timestamps=true',
    headers: { 'xi-api-key': 'key' },
    template: '{"message_type":"input_audio_chunk","audio_base_64":"$"}',
    steps: [...TALK, ['until', 'committed_transcript_with_timestamps'], ['close']],
    words: type('partial_transcript', 'message_type'),
    final: type('committed_transcript_with_timestamps', 'message_type'),
    timed: true,
  },
  {
    name: 'Cartesia TTS',
    provider: 'cartesia',
    start: (): Promise<CartesiaSimulator> => startCartesiaSimulator(),
    path: '/tts/websocket?api_key=key',
    steps: [
      json({
        context_id: 'one',
        model_id: 'sonic-3.5',
        transcript: TEXT,
        voice: { mode: 'id', id: 'nora' },
        output_format: { container: 'raw', encoding: 'pcm_mulaw', sample_rate: 8_000 },
      }),
      ['until', '"type":"done"'],
      ['close'],
    ],
    says: (message) => has(message, 'transcript'),
    audio: type('chunk'),
    spoken: type('done'),
  },
  {
    name: 'Cartesia STT',
    provider: 'cartesia',
    start: () => startCartesiaListenSimulator(),
    path: `/stt/websocket?model=ink-2&api_key=key&${PCM_MULAW}`,
    steps: [...TALK, ['send', 'finalize'], ['until', 'flush_done'], ['send', 'close']],
    words: (message) => message.type === 'transcript' && has(message, 'text'),
    final: (message) => message.is_final === true && has(message, 'text'),
    timed: true,
  },
  {
    name: 'AssemblyAI streaming v3',
    provider: 'assemblyai',
    start: () => startAssemblyAiSimulator(),
    path: `/v3/ws?speech_model=universal-streaming-english&${PCM_MULAW}`,
    headers: { authorization: 'key' },
    steps: [...TALK, ['until', '"end_of_turn":true'], json({ type: 'Terminate' })],
    words: (message) => message.type === 'Turn' && has(message, 'words'),
    final: (message) => message.type === 'Turn' && message.end_of_turn === true,
    timed: true,
  },
  {
    name: 'OpenAI Realtime',
    provider: 'openai',
    start: () => startRealtimeSimulator(),
    path: '/v1/realtime?model=gpt-realtime',
    headers: { authorization: 'Bearer key' },
    template: '{"type":"input_audio_buffer.append","audio":"$"}',
    steps: [
      json({
        type: 'session.update',
        session: { type: 'realtime', audio: { input: { format: { type: 'audio/pcmu' } } } },
      }),
      ['until', 'session.updated'],
      ...TALK,
      ['until', '"response.done"'],
      ['close'],
    ],
    audio: type('response.output_audio.delta'),
    timed: true,
  },
  {
    name: 'Gemini Live',
    provider: 'gcp.gemini',
    start: async () => {
      const live = await startGeminiLiveSimulator();
      const answers = [{ text: 'Of course.', seconds: 0.1 }];
      live.behave({ heard: ['Can I book a table?'], answers, voiceActivity: true });
      return live;
    },
    path: '/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent?key=key',
    frameBytes: 640,
    template: '{"realtimeInput":{"audio":{"data":"$","mimeType":"audio/pcm;rate=16000"}}}',
    steps: [
      json({
        setup: {
          model: 'models/gemini-live-2.5-flash',
          generationConfig: { responseModalities: ['AUDIO'] },
          inputAudioTranscription: {},
        },
      }),
      ['until', 'setupComplete'],
      ['talk', Buffer.alloc(19_200, Buffer.from([0xe8, 0x03])).toString('base64')],
      ['talk', Buffer.alloc(25_600).toString('base64')],
      ['until', 'turnComplete'],
      ['close'],
    ],
    audio: (message) => has(message, 'serverContent', 'modelTurn', 'parts', '0', 'inlineData', 'data'),
  },
  {
    name: 'Soniox STT',
    provider: 'soniox',
    start: startSonioxSimulator,
    path: '/transcribe-websocket',
    steps: [
      json({
        model: 'stt-rt-v4',
        audio_format: 'mulaw',
        sample_rate: 8_000,
        enable_endpoint_detection: true,
      }),
      ...TALK,
      ['send', ''],
    ],
    words: (message) => has(message, 'tokens'),
    final: (message) => JSON.stringify(message).includes('<end>'),
    timed: true,
  },
  {
    name: 'Speechmatics real-time',
    provider: 'speechmatics',
    start: startSpeechmaticsSimulator,
    path: '/v2',
    steps: [
      json({
        message: 'StartRecognition',
        audio_format: { type: 'raw', encoding: 'mulaw', sample_rate: 8_000 },
        transcription_config: {
          language: 'en',
          conversation_config: { end_of_utterance_silence_trigger: 0.5 },
        },
      }),
      ...TALK,
      json({ message: 'EndOfStream', last_seq_no: 1 }),
    ],
    words: (message) => has(message, 'metadata', 'transcript'),
    final: type('EndOfUtterance', 'message'),
    timed: true,
  },
  {
    name: 'Gladia live v2',
    provider: 'gladia',
    start: startGladiaSimulator,
    path: async (url) => {
      const body = JSON.stringify({
        encoding: 'wav/ulaw',
        sample_rate: 8_000,
        messages_config: { receive_partial_transcripts: true },
      });
      const answer = await fetch(`${url}/v2/live`, { method: 'POST', body });
      const opened = new URL(((await answer.json()) as { url: string }).url);
      return `${opened.pathname}${opened.search}`;
    },
    steps: [...TALK, json({ type: 'stop_recording' })],
    words: type('transcript'),
    final: (message) => at(message, 'data', 'is_final') === true,
    timed: true,
  },
  {
    name: 'Rime ws3',
    provider: 'rime',
    start: startRimeSimulator,
    path: '/ws3?speaker=astra&modelId=arcana&audioFormat=pcm&samplingRate=8000',
    steps: [
      json({ text: TEXT, contextId: 'one' }),
      json({ operation: 'flush', contextId: 'one' }),
      ['until', '"type":"done"'],
      json({ operation: 'eos' }),
    ],
    says: (message) => has(message, 'text'),
    audio: type('chunk'),
    spoken: type('done'),
  },
];
