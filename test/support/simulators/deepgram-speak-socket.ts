import type { RawData, WebSocket } from 'ws';
import type { Fault } from '../../../demo/simulators/fault.ts';
import { delay } from '../../../demo/simulators/server.ts';
import { CHUNK_SECONDS, speech, type Voice } from './deepgram-speak-voice.ts';

/** What was made of one text so far. */
interface Made {
  readonly id: string;
  readonly text: string;
  bytes: number;
  readonly bytesPerSecond: number;
}

/** One client of a socket: texts are spoken one after the other. */
export class SpeakSocket {
  readonly query: URLSearchParams;
  readonly #ws: WebSocket;
  readonly #voice: Voice;
  readonly #fault: Fault | undefined;
  #tail: Promise<unknown> = Promise.resolve();
  #stop = new AbortController();
  #current: Made | undefined;
  #last: Made | undefined;
  #count = 0;

  constructor(ws: WebSocket, query: URLSearchParams, voice: Voice, fault: Fault | undefined) {
    this.#ws = ws;
    this.query = query;
    this.#voice = voice;
    this.#fault = fault;
  }

  /** What is being spoken, or was last. */
  get current(): Made | undefined {
    return this.#current ?? this.#last;
  }

  get speaking(): boolean {
    return this.#current !== undefined;
  }

  send(message: object): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.send(JSON.stringify(message));
  }

  /** Runs `action` after everything that was asked for before, unless that is stopped. */
  enqueue(action: () => unknown): void {
    const { signal } = this.#stop;
    this.#tail = this.#tail.then(() => (signal.aborted ? undefined : action()));
  }

  /** Text has arrived that will be spoken. */
  newId(): string {
    return `dg_sp_${this.#voice.random.uuid().slice(0, 8)}${String(this.#count++).padStart(4, '0')}`;
  }

  speak(id: string, text: string, started: () => void, done: (made: Made) => void): void {
    const { options, random, record } = this.#voice;
    record({ kind: 'received', id, text, query: Object.fromEntries(this.query) });
    this.enqueue(async () => {
      const { signal } = this.#stop;
      const { chunks, bytesPerSecond } = speech(text, this.query);
      const made: Made = { id, text, bytes: 0, bytesPerSecond };
      this.#current = made;
      started();
      const begun = performance.now();
      const firstMs = random.between(...(options.firstByteMs ?? [40, 80]));
      for (const [i, chunk] of chunks.entries()) {
        const dueMs = firstMs + (i * CHUNK_SECONDS * 1000) / (options.speed ?? 20);
        await delay(begun + dueMs - performance.now(), signal);
        if (signal.aborted) return;
        if (this.#fault?.kind === 'cut' && i === this.#fault.afterChunks) {
          record({ kind: 'failed', id, status: 'cut' });
          this.#ws.terminate();
          return;
        }
        this.#ws.send(chunk);
        if (made.bytes === 0) record({ kind: 'first_byte', id });
        made.bytes += chunk.length;
      }
      this.#current = undefined;
      this.#last = made;
      record({ kind: 'finished', id, bytes: made.bytes, audioSeconds: made.bytes / bytesPerSecond });
      done(made);
    });
  }

  /** Nothing of what was asked for is spoken any more. */
  abort(): Made | undefined {
    const made = this.#current;
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#tail = Promise.resolve();
    this.#current = undefined;
    if (!made) return undefined;
    const { id, bytes } = made;
    this.#voice.record({ kind: 'aborted', id, bytes, audioSeconds: bytes / made.bytesPerSecond });
    this.#last = made;
    return made;
  }
}

const read = (data: RawData): { type?: unknown; text?: unknown } => JSON.parse(String(data));

export function serveV1(ws: WebSocket, made: SpeakSocket): void {
  let text = '';
  let sequenceId = 0;
  const flush = (): void => {
    if (text !== '')
      made.speak(
        made.newId(),
        text,
        () => {},
        () => {},
      );
    text = '';
  };
  made.send({
    type: 'Metadata',
    request_id: made.newId(),
    model_name: made.query.get('model') ?? 'aura-asteria-en',
    model_version: '2026-01-01.0',
    model_uuid: made.newId(),
  });
  ws.on('message', (data: RawData) => {
    const message = read(data);
    if (message.type === 'Speak') text += String(message.text);
    else if (message.type === 'Flush') {
      flush();
      made.enqueue(() => made.send({ type: 'Flushed', sequence_id: sequenceId++ }));
    } else if (message.type === 'Clear') {
      text = '';
      made.abort();
      made.send({ type: 'Cleared', sequence_id: sequenceId++ });
    } else if (message.type === 'Close') {
      flush();
      made.enqueue(() => ws.close(1000));
    }
  });
}

export function serveV2(ws: WebSocket, made: SpeakSocket): void {
  const total = { audio: 0, input: 0, billable: 0 };
  let turn: { id: string; text: string } | undefined;
  made.send({
    type: 'Connected',
    request_id: made.newId(),
    model_name: made.query.get('model'),
    model_version: '2026-01-01.0',
    model_uuids: [],
  });
  const metadata = ({ id, text, bytes, bytesPerSecond }: Made): object => {
    const counted = {
      audio_duration_ms: (bytes / bytesPerSecond) * 1000,
      input_character_count: text.length,
      // Stripped control characters are not billed.
      billable_character_count: text.replace(/\p{Cc}/gu, '').length,
    };
    total.audio += counted.audio_duration_ms;
    total.input += counted.input_character_count;
    total.billable += counted.billable_character_count;
    return {
      speech_id: id,
      ...counted,
      controls_applied: { pronunciations_applied: 0, breaks_applied: 0, pronunciation_warnings: 0 },
    };
  };
  const flush = (): void => {
    if (!turn) {
      made.send({ type: 'Warning', code: 'NO_ACTIVE_SPEECH', description: '' });
      return;
    }
    const { id, text } = turn;
    turn = undefined;
    made.send({ type: 'Flushed', speech_id: id });
    made.speak(
      id,
      text,
      () => made.send({ type: 'SpeechStarted', speech_id: id }),
      (done) => made.send({ type: 'SpeechMetadata', ...metadata(done) }),
    );
  };
  ws.on('message', (data: RawData) => {
    const message = read(data);
    if (message.type === 'Speak') {
      turn ??= { id: made.newId(), text: '' };
      turn.text += String(message.text);
    } else if (message.type === 'Flush') flush();
    else if (message.type === 'Interrupt') {
      if (!made.current?.bytes)
        return made.send({ type: 'Warning', code: 'NO_AUDIO_GENERATED', description: '' });
      turn = undefined;
      const stopped = made.abort() ?? made.current;
      if (stopped)
        made.send({ type: 'SpeechInterrupted', audio_played_ms: total.audio, metadata: metadata(stopped) });
    } else if (message.type === 'Close') {
      if (turn) flush();
      made.enqueue(() => {
        made.send({
          type: 'SessionMetadata',
          total_audio_duration_ms: total.audio,
          total_input_character_count: total.input,
          total_billable_character_count: total.billable,
        });
        ws.close(1000);
      });
    }
  });
}
