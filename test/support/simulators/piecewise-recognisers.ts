import type { RawData, WebSocket } from 'ws';
import { type Heard, Listener } from '../../../demo/simulators/listening.ts';
import { createRandom, type Random } from '../../../demo/simulators/random.ts';
import { Sequence } from '../../../demo/simulators/sequence.ts';
import { type Loopback, listenOnLoopback } from '../../../demo/simulators/server.ts';
import type { SpokenWord } from '../../../demo/speech.ts';

type Json = Readonly<Record<string, unknown>>;

/** How one service says what it hears. */
interface Dialect {
  readonly path: RegExp;
  /** Reads the first message; undefined: it is none that a connection begins with. */
  begin(message: Json): { readonly encoding: unknown; readonly sampleRate: number } | undefined;
  /** What answers the first message. */
  readonly greeting?: Json;
  hear(heard: Heard & { readonly kind: 'results' }, config: Json): readonly Json[];
  /** What a text message asks for; `end`: nothing more comes. */
  command(message: Json | undefined): 'finalize' | 'end' | undefined;
  /** Behind what is outstanding, when it was asked for. */
  finalized(): readonly Json[];
  ended(): readonly Json[];
}

const ms = (seconds: number): number => Math.round(seconds * 1_000);

/** The parts of a word, as a tokeniser cuts it: the first with the space before it. */
function tokensOf({ word, start, end }: SpokenWord, isFinal: boolean): Json[] {
  const half = Math.ceil(word.length / 2);
  const middle = (start + end) / 2;
  return [
    { text: ` ${word.slice(0, half)}`, start_ms: ms(start), end_ms: ms(middle), is_final: isFinal },
    { text: word.slice(half), start_ms: ms(middle), end_ms: ms(end), is_final: isFinal },
  ].filter(({ text }) => text !== '');
}

const SONIOX: Dialect = {
  path: /^\/transcribe-websocket$/,
  begin: (message) =>
    typeof message.model === 'string'
      ? { encoding: message.audio_format, sampleRate: Number(message.sample_rate) }
      : undefined,
  hear: ({ words, isFinal, speechFinal, start, duration }, config) => {
    const tokens = words.flatMap((word) => tokensOf(word, isFinal));
    const ends = speechFinal && config.enable_endpoint_detection === true;
    const processed = { final_audio_proc_ms: ms(start), total_audio_proc_ms: ms(start + duration) };
    return [{ tokens: [...tokens, ...(ends ? [{ text: '<end>', is_final: true }] : [])], ...processed }];
  },
  command: (message) =>
    message === undefined ? 'end' : message.type === 'finalize' ? 'finalize' : undefined,
  finalized: () => [{ tokens: [{ text: '<fin>', is_final: true }], total_audio_proc_ms: 0 }],
  ended: () => [{ tokens: [], finished: true }],
};

const SPEECHMATICS: Dialect = {
  path: /^\/v2$/,
  greeting: { message: 'RecognitionStarted', id: 'one' },
  begin: (message) => {
    const { encoding, sample_rate } = (message.audio_format ?? {}) as Json;
    return message.message === 'StartRecognition' ? { encoding, sampleRate: Number(sample_rate) } : undefined;
  },
  hear: ({ words, isFinal, speechFinal }, config) => {
    if (words.length === 0) return [];
    const results = words.map(({ word, start, end }) => ({
      type: 'word',
      start_time: start,
      end_time: end,
      alternatives: [{ content: word, confidence: 1 }],
    }));
    const transcript = `${words.map(({ word }) => word).join(' ')} `;
    const metadata = { transcript, start_time: words[0]?.start, end_time: words.at(-1)?.end };
    const { conversation_config } = config.transcription_config as Json;
    return [
      { message: isFinal ? 'AddTranscript' : 'AddPartialTranscript', results, metadata },
      ...(speechFinal && conversation_config ? [{ message: 'EndOfUtterance', metadata: {} }] : []),
    ];
  },
  command: (message) => (message?.message === 'EndOfStream' ? 'end' : undefined),
  finalized: () => [],
  ended: () => [{ message: 'EndOfTranscript' }],
};

/** Starts a server that speaks Soniox's transcription. It recognises the recordings of demo/speech. */
export const startSonioxSimulator = (): Promise<Loopback> => start(SONIOX);

/** The same of Speechmatics' real-time API. */
export const startSpeechmaticsSimulator = (): Promise<Loopback> => start(SPEECHMATICS);

async function start(dialect: Dialect): Promise<Loopback> {
  let connections = 0;
  return listenOnLoopback({
    onRequest: (_, response) => response.writeHead(404).end(),
    onUpgrade: ({ url, accept, refuse }) => {
      if (!dialect.path.test(url.pathname)) return refuse(404);
      accept((ws) => serve(ws, dialect, createRandom(1, `recogniser:${++connections}`)));
    },
  });
}

function serve(ws: WebSocket, dialect: Dialect, random: Random): void {
  const sequence = new Sequence(random, [20, 70]);
  let listener: Listener | undefined;
  let config: Json = {};
  const send = (messages: readonly Json[]): void => {
    for (const message of messages)
      sequence.later(() => void (ws.readyState === ws.OPEN && ws.send(JSON.stringify(message))));
  };
  const begin = (message: Json): void => {
    const format = dialect.begin(message);
    if (!format) {
      ws.close(1008);
      return;
    }
    config = message;
    listener = new Listener(
      {
        encoding: format.encoding === 'mulaw' ? 'mulaw' : 'linear16',
        sampleRate: format.sampleRate,
        interimResults: true,
        endpointingMs: 300,
        utteranceEndMs: undefined,
        random,
      },
      (heard) => heard.kind === 'results' && send(dialect.hear(heard, config)),
    );
    if (dialect.greeting) send([dialect.greeting]);
  };
  ws.on('message', (data: RawData, isBinary: boolean) => {
    if (isBinary) return listener?.push(data as Buffer);
    const text = String(data);
    const message = text === '' ? undefined : (JSON.parse(text) as Json);
    if (!listener) return begin(message ?? {});
    const command = dialect.command(message);
    if (command === undefined) return;
    listener.finalize(command === 'finalize');
    send(command === 'finalize' ? dialect.finalized() : dialect.ended());
    if (command === 'end') sequence.later(() => ws.close(1000));
  });
  ws.on('error', () => {});
  ws.on('close', () => sequence.stop());
}
