import type { RawData, WebSocket } from 'ws';
import { received, type SpeechContext } from './cartesia-truth.ts';
import { delay } from './server.ts';
import { readSpeechRequest, Speech, type SpeechRequest } from './speech-request.ts';

/** One `context_id` of a socket: its texts are spoken one after the other. */
interface VoiceContext {
  readonly speech: SpeechContext;
  readonly cancelled: AbortController;
  /** Resolves when everything asked for so far has been sent. */
  tail: Promise<void>;
  /** No more text will come. */
  complete: boolean;
  firstByteSent: boolean;
  flushes: number;
  readonly sent: { characters: number; bytes: number; audioSeconds: number };
}

/** One client of `/tts/websocket`. */
export class CartesiaSocket {
  readonly #ws: WebSocket;
  readonly #createContext: () => SpeechContext;
  readonly #contexts = new Map<string, VoiceContext>();

  constructor(ws: WebSocket, createContext: () => SpeechContext) {
    this.#ws = ws;
    this.#createContext = createContext;
    ws.on('message', (data: RawData) => this.#onMessage(String(data)));
    ws.on('error', () => {});
    ws.on('close', () => {
      for (const [id, context] of this.#contexts) this.#abort(id, context);
    });
  }

  #send(message: object): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.send(JSON.stringify(message));
  }

  #error(status: number, message: string, contextId?: string): void {
    const context = contextId === undefined ? {} : { context_id: contextId };
    const error = { title: 'Refused', message, error_code: 'simulated', status_code: status };
    this.#send({ type: 'error', ...context, done: true, ...error });
  }

  #onMessage(text: string): void {
    let message: Record<string, unknown>;
    try {
      message = JSON.parse(text) as Record<string, unknown>;
    } catch {
      this.#error(400, 'the message must be JSON');
      return;
    }
    const id = message.context_id;
    if (typeof id !== 'string') {
      this.#error(400, 'context_id is required');
      return;
    }
    const known = this.#contexts.get(id);
    if (message.cancel === true) {
      if (!known) return;
      this.#abort(id, known);
      this.#send({ type: 'done', context_id: id, done: true, status_code: 499 });
      return;
    }
    const wanted = readSpeechRequest(message);
    if (typeof wanted === 'string') {
      this.#error(400, wanted, id);
      return;
    }
    const context = known ?? this.#open(id, wanted);
    if (!context) return;
    if (wanted.text !== '') {
      const { requestId, record } = context.speech;
      record(received('websocket', wanted, requestId, undefined, id));
      this.#enqueue(context, () => this.#speak(id, context, wanted));
    }
    if (message.flush === true) {
      this.#enqueue(context, async () => {
        const flush = { flush_done: true, flush_id: ++context.flushes };
        this.#send({ type: 'flush_done', context_id: id, done: false, status_code: 206, ...flush });
      });
    }
    if (message.continue !== true) {
      context.complete = true;
      this.#enqueue(context, async () => {
        this.#contexts.delete(id);
        context.speech.record({ kind: 'finished', requestId: context.speech.requestId, ...context.sent });
        this.#send({ type: 'done', context_id: id, done: true, status_code: 200 });
      });
    }
  }

  #open(id: string, wanted: SpeechRequest): VoiceContext | undefined {
    const speech = this.#createContext();
    if (speech.fault?.kind === 'status') {
      speech.record(received('websocket', wanted, speech.requestId, undefined, id));
      speech.record({ kind: 'failed', requestId: speech.requestId, status: speech.fault.status });
      this.#error(speech.fault.status, 'refused by the simulator', id);
      return undefined;
    }
    const context: VoiceContext = {
      speech,
      cancelled: new AbortController(),
      tail: Promise.resolve(),
      complete: false,
      firstByteSent: false,
      flushes: 0,
      sent: { characters: 0, bytes: 0, audioSeconds: 0 },
    };
    this.#contexts.set(id, context);
    return context;
  }

  /** Runs `action` after everything asked for before; nothing runs any more once the context is cancelled. */
  #enqueue(context: VoiceContext, action: () => Promise<void>): void {
    context.tail = context.tail.then(() => (context.cancelled.signal.aborted ? undefined : action()));
  }

  async #speak(id: string, context: VoiceContext, wanted: SpeechRequest): Promise<void> {
    const { requestId, random, firstByteMs, speed, fault, record } = context.speech;
    const scripted = context.speech.scripted?.(wanted.text, false);
    const speech = new Speech(wanted, scripted?.audioSeconds);
    const begun = performance.now();
    // Text that continues a context finds the model warm.
    const extraMs = fault?.kind === 'delay' && !context.firstByteSent ? fault.ms : 0;
    const firstMs =
      (scripted?.firstByteMs ??
        (context.firstByteSent ? random.between(20, 60) : random.between(...firstByteMs))) + extraMs;
    const chunkMs = speech.paceMs(scripted?.restMs) ?? speech.chunkMs / random.between(...speed);
    const before = { ...context.sent };
    context.sent.characters += wanted.text.length;
    for (const [i, chunk] of speech.chunks.entries()) {
      await delay(begun + firstMs + i * chunkMs - performance.now(), context.cancelled.signal);
      if (context.cancelled.signal.aborted) return;
      if (fault?.kind === 'cut' && i === fault.afterChunks) {
        record({ kind: 'failed', requestId, status: 'cut' });
        this.#contexts.delete(id);
        context.cancelled.abort();
        this.#ws.terminate();
        return;
      }
      const facts = { done: false, status_code: 206, step_time: i === 0 ? firstMs : chunkMs };
      this.#send({ type: 'chunk', context_id: id, data: chunk.toString('base64'), ...facts });
      if (!context.firstByteSent) record({ kind: 'first_byte', requestId });
      context.firstByteSent = true;
      speech.count(chunk);
      context.sent.bytes = before.bytes + speech.sent.bytes;
      context.sent.audioSeconds = before.audioSeconds + speech.sent.audioSeconds;
    }
  }

  #abort(id: string, context: VoiceContext): void {
    this.#contexts.delete(id);
    context.cancelled.abort();
    context.speech.record({ kind: 'aborted', requestId: context.speech.requestId, ...context.sent });
  }
}
