import type { RawData, WebSocket } from 'ws';
import { delay } from '../../../demo/simulators/server.ts';
import { Speech } from '../../../demo/simulators/speech-request.ts';
import { bytesPerSecond, type SpeechContext, speechRequest } from './elevenlabs-truth.ts';

/** One context: its texts are spoken in their order. */
interface Voice {
  readonly requestId: string;
  /** Not flushed yet. */
  text: string;
  flushed: boolean;
  /** Resolves when everything flushed so far has been sent. */
  tail: Promise<void>;
  readonly cancelled: AbortController;
  readonly sent: { characters: number; bytes: number; audioSeconds: number };
  firstByteSent: boolean;
}

/**
 * Serves `/v1/text-to-speech/VOICE/stream-input`, and `multi-stream-input`, whose messages name a context. Text is spoken
 * when it is flushed, or no more comes.
 */
export function serveStreamInput(ws: WebSocket, url: URL, context: SpeechContext): void {
  const { requestId, random, firstByteMs, speed, fault, record } = context;
  const multi = url.pathname.endsWith('/multi-stream-input');
  const model = url.searchParams.get('model_id') ?? undefined;
  const voices = new Map<string, Voice>();
  const send = (message: object): void => {
    if (ws.readyState === ws.OPEN) ws.send(JSON.stringify(message));
  };
  const named = (id: string): object => (multi ? { contextId: id } : {});

  const open = (id: string): Voice => {
    const voice: Voice = {
      requestId: voices.size === 0 ? requestId : random.uuid(),
      text: '',
      flushed: false,
      tail: Promise.resolve(),
      cancelled: new AbortController(),
      sent: { characters: 0, bytes: 0, audioSeconds: 0 },
      firstByteSent: false,
    };
    voices.set(id, voice);
    return voice;
  };
  const speak = async (id: string, voice: Voice, text: string): Promise<void> => {
    const request = speechRequest(text, model, url.searchParams.get('output_format'));
    const speech = new Speech(request);
    const begun = performance.now();
    const firstMs = random.between(...firstByteMs) + (fault?.kind === 'delay' ? fault.ms : 0);
    const chunkMs = speech.chunkMs / random.between(...speed);
    voice.sent.characters += text.length;
    for (const [i, chunk] of speech.chunks.entries()) {
      await delay(begun + firstMs + i * chunkMs - performance.now(), voice.cancelled.signal);
      if (voice.cancelled.signal.aborted) return;
      if (fault?.kind === 'cut' && i === fault.afterChunks) {
        record({ kind: 'failed', requestId: voice.requestId, status: 'cut' });
        ws.terminate();
        return;
      }
      const alignment = {
        chars: [...text.slice(i, i + 2)],
        charStartTimesMs: [0, 60],
        charDurationsMs: [60, 60],
      };
      const audio = chunk.toString('base64');
      send({ audio, isFinal: null, normalizedAlignment: alignment, alignment, ...named(id) });
      if (!voice.firstByteSent) record({ kind: 'first_byte', requestId: voice.requestId });
      voice.firstByteSent = true;
      voice.sent.bytes += chunk.length;
      voice.sent.audioSeconds = voice.sent.bytes / bytesPerSecond(request);
    }
  };
  const flush = (id: string, voice: Voice): void => {
    const { text } = voice;
    voice.text = '';
    voice.flushed = true;
    if (text !== '') voice.tail = voice.tail.then(() => speak(id, voice, text));
  };
  const finish = async (id: string, voice: Voice): Promise<void> => {
    flush(id, voice);
    await voice.tail;
    if (voice.cancelled.signal.aborted) return;
    voices.delete(id);
    record({ kind: 'finished', requestId: voice.requestId, ...voice.sent });
    send({ audio: null, isFinal: true, ...named(id) });
  };
  const abort = (id: string, voice: Voice): void => {
    voices.delete(id);
    voice.cancelled.abort();
    record({ kind: 'aborted', requestId: voice.requestId, ...voice.sent });
  };
  const finishAll = async (): Promise<void> => {
    await Promise.all([...voices].map(([id, voice]) => finish(id, voice)));
    ws.close(1000);
  };

  const onMessage = (message: Record<string, unknown>): void => {
    const id = multi && typeof message.context_id === 'string' ? message.context_id : 'default';
    const text = typeof message.text === 'string' ? message.text : undefined;
    if (text === 'refuse me') {
      send({ message: 'refused by the simulator', error: 'simulated', code: 1008 });
      ws.close(1008, 'simulated');
      return;
    }
    const voice = voices.get(id) ?? open(id);
    if (text !== undefined && text !== ' ' && text !== '') {
      const { requestId } = voice;
      record({
        kind: 'received',
        requestId,
        path: url.pathname,
        model,
        text,
        contextId: multi ? id : undefined,
      });
      voice.text += text;
    }
    if (message.flush === true) flush(id, voice);
    if (message.close_context === true) {
      if (voice.flushed) void finish(id, voice);
      else abort(id, voice);
    }
    if (message.close_socket === true || (!multi && text === '')) void finishAll();
  };
  ws.on('message', (data: RawData) => onMessage(JSON.parse(String(data)) as Record<string, unknown>));
  ws.on('error', () => {});
  ws.on('close', () => {
    for (const [id, voice] of voices) abort(id, voice);
  });
}
