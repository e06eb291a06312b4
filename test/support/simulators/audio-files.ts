import { nowMicros } from '../now.ts';
import { Faults } from './fault.ts';
import { listenOnLoopback, readJson, type Simulator, sendJson } from './server.ts';
import { synthesize } from './voice.ts';

/** What happened to one request. */
export type AudioFilesTruth = { readonly atMicros: number } & (
  | {
      readonly kind: 'spoken';
      readonly characters: number;
      readonly bytes: number;
      readonly audioSeconds: number;
    }
  | { readonly kind: 'transcribed'; readonly text: string; readonly audioSeconds: number }
  | { readonly kind: 'failed'; readonly status: number }
);

/** OpenAI's speech and transcription of whole texts and whole recordings. */
export interface AudioFilesSimulator extends Simulator<AudioFilesTruth> {
  readonly faults: Faults;
}

/** OpenAI's `pcm`: 24 kHz, 16 bits. */
const RATE = 24_000;

/** Starts a server that speaks `/v1/audio/speech` (`pcm`) and `/v1/audio/transcriptions` (`verbose_json`). */
export async function startAudioFilesSimulator(
  heard: { readonly text: string; readonly audioSeconds: number } = {
    text: 'Can I book a table?',
    audioSeconds: 1.5,
  },
): Promise<AudioFilesSimulator> {
  const truth: AudioFilesTruth[] = [];
  const faults = new Faults();
  const server = await listenOnLoopback({
    onRequest: async (request, response) => {
      const fault = faults.take();
      const body = await readJson(request);
      if (fault?.kind === 'status') {
        truth.push({ atMicros: nowMicros(), kind: 'failed', status: fault.status });
        return sendJson(response, fault.status, {
          error: { message: 'refused by the simulator', type: 'x' },
        });
      }
      if (request.url === '/v1/audio/speech') {
        const words = String(body?.input ?? '');
        const audio = synthesize(words, 'pcm_s16le', RATE);
        truth.push({
          atMicros: nowMicros(),
          kind: 'spoken',
          characters: words.length,
          bytes: audio.length,
          audioSeconds: audio.length / (2 * RATE),
        });
        response.writeHead(200, { 'content-type': 'audio/pcm' });
        return response.end(audio);
      }
      if (request.url === '/v1/audio/transcriptions') {
        truth.push({ atMicros: nowMicros(), kind: 'transcribed', ...heard });
        const { text, audioSeconds } = heard;
        return sendJson(response, 200, {
          task: 'transcribe',
          language: 'english',
          duration: audioSeconds,
          text,
        });
      }
      return sendJson(response, 404, { error: { message: 'no such path' } });
    },
  });
  return { ...server, truth, faults };
}
