import type { RawData, WebSocket } from 'ws';
import { type Heard, Listener } from '../../../demo/simulators/listening.ts';
import { Sequence } from '../../../demo/simulators/sequence.ts';
import type { SpokenWord } from '../../../demo/speech.ts';
import type { SpeechContext } from './elevenlabs-truth.ts';

/** Milliseconds from the audio that causes a message to the message. */
const PROCESSING_MS = [20, 70] as const;
const DEFAULT_SILENCE_SECONDS = 1.5;

const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;

/** Serves `/v1/speech-to-text/realtime`: it recognises the recordings of demo/speech. */
export function serveScribe(
  ws: WebSocket,
  url: URL,
  { requestId, random, fault, record }: SpeechContext,
): void {
  const query = url.searchParams;
  const format = query.get('audio_format') ?? 'pcm_16000';
  const [codec, rate] = format.split('_');
  const silence = Number(query.get('vad_silence_threshold_secs') ?? DEFAULT_SILENCE_SECONDS);
  const vad = query.get('commit_strategy') === 'vad';
  const timed = query.get('include_timestamps') === 'true';
  const sequence = new Sequence(random, PROCESSING_MS);
  let lastPartial = '';
  let sent = 0;
  let segment: SpokenWord[] = [];
  record({ kind: 'listening', requestId, query: Object.fromEntries(query) });

  const send = (message: Record<string, unknown>): void => {
    if (ws.readyState !== ws.OPEN) return;
    if (fault?.kind === 'cut' && sent++ >= fault.afterChunks) {
      ws.terminate();
      return;
    }
    ws.send(JSON.stringify(message));
    record({ kind: 'transcript', requestId, message });
  };
  const textOf = (words: readonly SpokenWord[]): string => words.map(({ word }) => word).join(' ');
  const commit = (): void => {
    const words = segment;
    segment = [];
    lastPartial = '';
    const text = textOf(words);
    sequence.later(() => {
      send({ message_type: 'committed_transcript', text });
      if (!timed) return;
      const items = words.flatMap(({ word, start, end }, i) => [
        ...(i === 0 ? [] : [{ text: ' ', type: 'spacing', start: rounded(start), end: rounded(start) }]),
        { text: word, type: 'word', start: rounded(start), end: rounded(end), logprob: -0.1 },
      ]);
      send({ message_type: 'committed_transcript_with_timestamps', text, language_code: 'en', words: items });
    });
  };
  const listener = new Listener(
    {
      encoding: codec === 'ulaw' ? 'mulaw' : 'linear16',
      sampleRate: Number(rate),
      interimResults: true,
      endpointingMs: vad ? silence * 1_000 : undefined,
      utteranceEndMs: undefined,
      random,
    },
    (heard: Heard) => {
      if (heard.kind !== 'results') return;
      const text = textOf([...segment, ...heard.words]);
      if (heard.isFinal) segment.push(...heard.words);
      if (heard.speechFinal || heard.fromFinalize) {
        if (segment.length > 0 || heard.fromFinalize) commit();
      } else if (text !== '' && text !== lastPartial) {
        lastPartial = text;
        sequence.later(() => send({ message_type: 'partial_transcript', text }));
      }
    },
  );
  ws.on('message', (data: RawData) => {
    const chunk = JSON.parse(String(data)) as { audio_base_64?: string; commit?: boolean };
    listener.push(Buffer.from(chunk.audio_base_64 ?? '', 'base64'));
    if (chunk.commit === true) listener.finalize(true);
  });
  ws.on('error', () => {});
  ws.on('close', () => {
    sequence.stop();
    record({ kind: 'closed', requestId, audioSeconds: listener.audioSeconds });
  });
  const config = {
    sample_rate: Number(rate),
    audio_format: format,
    commit_strategy: vad ? 'vad' : 'manual',
    vad_silence_threshold_secs: silence,
    model_id: query.get('model_id'),
    include_timestamps: timed,
  };
  send({ message_type: 'session_started', session_id: requestId, config });
}
