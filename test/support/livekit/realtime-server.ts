import type { WebSocket } from 'ws';
import { listenOnLoopback } from '../../../demo/simulators/server.ts';
import { nowMs } from '../../../instrumentation/call/clock.ts';

/** Hertz, of what comes and what goes. */
const RATE = 24_000;
const SILENCE_MS = 300;
const FIRST_AUDIO_MS = 200;
const ANSWER_SECONDS = 1;

/** Of every answer. */
export const SPOKEN_TOKENS = {
  total_tokens: 260,
  input_tokens: 200,
  output_tokens: 60,
  input_token_details: {
    audio_tokens: 120,
    text_tokens: 80,
    cached_tokens: 64,
    cached_tokens_details: { audio_tokens: 32, text_tokens: 32 },
  },
  output_token_details: { audio_tokens: 45, text_tokens: 15 },
};

/** What one answer was. Milliseconds since 1970. */
export interface AnswerTruth {
  readonly createdMs: number;
  firstAudioMs?: number;
}

/** The least of OpenAI's realtime API that a LiveKit session needs: server VAD, spoken answers, usage. */
export async function startRealtimeServer(): Promise<{
  readonly url: string;
  readonly stoppedMs: readonly number[];
  readonly answers: readonly AnswerTruth[];
  close(): Promise<void>;
}> {
  const stoppedMs: number[] = [];
  const answers: AnswerTruth[] = [];
  const server = await listenOnLoopback({
    onRequest: (_, response) => response.writeHead(404).end(),
    onUpgrade: ({ accept }) => accept((ws) => serve(ws, stoppedMs, answers)),
  });
  return {
    url: `${server.url}/v1`,
    stoppedMs,
    answers,
    close: server.close,
  };
}

function serve(ws: WebSocket, stoppedMs: number[], answers: AnswerTruth[]): void {
  let [speaking, loudMs, silentMs, items, events] = [false, 0, 0, 0, 0];
  const send = (event: object): void => ws.send(JSON.stringify({ event_id: `event_${++events}`, ...event }));
  const answer = (metadata: object | undefined): void => {
    const id = `resp_${answers.length + 1}`;
    const item = { id: `item_${++items}`, object: 'realtime.item', type: 'message', role: 'assistant' };
    const at = { response_id: id, item_id: item.id, output_index: 0, content_index: 0 };
    const truth: AnswerTruth = { createdMs: nowMs() };
    answers.push(truth);
    send({
      type: 'response.created',
      response: { id, object: 'realtime.response', status: 'in_progress', metadata },
    });
    setTimeout(() => {
      truth.firstAudioMs = nowMs();
      send({
        type: 'response.output_item.added',
        ...at,
        item: { ...item, status: 'in_progress', content: [] },
      });
      send({ type: 'conversation.item.added', item: { ...item, content: [] } });
      send({ type: 'response.content_part.added', ...at, part: { type: 'audio', transcript: '' } });
      send({ type: 'response.output_audio_transcript.delta', ...at, delta: 'Of course.' });
      const audio = Buffer.alloc(RATE * 2 * ANSWER_SECONDS).toString('base64');
      send({ type: 'response.output_audio.delta', ...at, delta: audio });
      send({ type: 'response.output_audio.done', ...at });
      send({ type: 'response.output_audio_transcript.done', ...at, transcript: 'Of course.' });
      send({ type: 'response.content_part.done', ...at, part: { type: 'audio', transcript: 'Of course.' } });
      send({ type: 'response.output_item.done', ...at, item: { ...item, status: 'completed', content: [] } });
      send({ type: 'response.done', response: { id, status: 'completed', usage: SPOKEN_TOKENS, metadata } });
    }, FIRST_AUDIO_MS);
  };
  const hear = (samples: Int16Array): void => {
    const ms = (samples.length / RATE) * 1_000;
    const loud = samples.some((sample) => Math.abs(sample) > 512);
    loudMs = loud || speaking ? loudMs + ms : 0;
    silentMs = loud ? 0 : silentMs + ms;
    if (!speaking && loudMs > 60) {
      speaking = true;
      send({ type: 'input_audio_buffer.speech_started', audio_start_ms: 0, item_id: `item_${++items}` });
    } else if (speaking && silentMs > SILENCE_MS) {
      [speaking, loudMs] = [false, 0];
      stoppedMs.push(nowMs());
      send({ type: 'input_audio_buffer.speech_stopped', audio_end_ms: 0, item_id: `item_${items}` });
      send({ type: 'input_audio_buffer.committed', item_id: `item_${items}` });
      answer(undefined);
    }
  };
  ws.on('message', (data) => {
    const event = JSON.parse(String(data)) as {
      type: string;
      audio?: string;
      response?: { metadata?: object };
    };
    if (event.type === 'session.update') send({ type: 'session.updated', session: {} });
    else if (event.type === 'response.create') answer(event.response?.metadata);
    else if (event.type === 'input_audio_buffer.append') {
      const bytes = Buffer.from(event.audio ?? '', 'base64');
      hear(new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)));
    }
  });
  ws.on('error', () => {});
  send({ type: 'session.created', session: {} });
}
