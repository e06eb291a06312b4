import { type Heard, Listener } from '../../../../demo/simulators/listening.ts';
import type { Sequence } from '../../../../demo/simulators/sequence.ts';
import type { ClientEvent, RealtimeConnection } from './connection.ts';
import type { RealtimeSettings } from './session.ts';

/** What a model for turn detection waits for, here. */
const SEMANTIC_SILENCE_MS = 600;

/** Audio of the user that was not committed yet. */
interface Buffered {
  itemId: string;
  startMs: number;
  words: string[];
}

/** What the user said, as it was accepted. */
export interface Utterance {
  readonly itemId: string;
  readonly spoken: string;
  readonly seconds: number;
}

interface InputInit {
  readonly connection: RealtimeConnection;
  readonly sequence: Sequence;
  readonly settings: () => RealtimeSettings;
  readonly speechStarted: () => void;
  readonly committed: (utterance: Utterance) => void;
  /** The server took the silence for the end of the user's turn. */
  readonly turnEnded: () => void;
}

/** The audio of the user: what is heard in it, and how it becomes items of the conversation. */
export class RealtimeInput {
  readonly #init: InputInit;
  #listener: Listener | undefined;
  /** Seconds of audio that earlier listeners took. */
  #seconds = 0;
  #buffered: Buffered;

  constructor(init: InputInit) {
    this.#init = init;
    this.#buffered = this.#empty();
  }

  /** Seconds of audio that came. */
  get position(): number {
    return this.#seconds + (this.#listener?.audioSeconds ?? 0);
  }

  push(audio: Buffer): void {
    this.#listen().push(audio);
  }

  /** The next audio may be of another format, and is listened to otherwise. */
  restart(): void {
    this.#seconds = this.position;
    this.#listener = undefined;
  }

  clear(): void {
    this.#buffered = this.#empty();
    this.#init.connection.send({ type: 'input_audio_buffer.cleared' });
  }

  /** The client says itself that the user has spoken. */
  commit(event: ClientEvent): void {
    this.#listener?.finalize(false);
    const buffered = this.#buffered;
    const endMs = Math.round(this.position * 1_000);
    // As the service has it: less than 100 ms is nothing.
    if (endMs - buffered.startMs < 100) {
      this.#init.connection.refuse(event, 'input_audio_buffer_commit_empty');
      return;
    }
    this.#buffered = this.#empty();
    this.#accept(buffered, endMs);
  }

  #empty(): Buffered {
    const itemId = this.#init.connection.id('item');
    return { itemId, startMs: Math.round(this.position * 1_000), words: [] };
  }

  #listen(): Listener {
    const { connection, settings } = this.#init;
    const { turnDetection, input } = settings();
    const silenceMs =
      turnDetection?.type === 'semantic_vad'
        ? SEMANTIC_SILENCE_MS
        : (turnDetection?.silence_duration_ms as number | undefined);
    this.#listener ??= new Listener(
      {
        encoding: input.encoding === 'pcm_s16le' ? 'linear16' : 'mulaw',
        sampleRate: input.rate,
        interimResults: false,
        endpointingMs: silenceMs,
        utteranceEndMs: undefined,
        random: connection.init.random,
      },
      (heard) => this.#heard(heard),
    );
    return this.#listener;
  }

  #heard(heard: Heard): void {
    const { turnDetection } = this.#init.settings();
    const { sequence } = this.#init;
    if (heard.kind === 'utterance_end') return;
    if (heard.kind === 'results') this.#buffered.words.push(...heard.words.map(({ word }) => word));
    if (turnDetection === null) return;
    if (heard.kind === 'speech_started') {
      const { prefix_padding_ms: prefix = 0 } = turnDetection;
      this.#buffered.startMs = Math.max(
        0,
        Math.round((this.#seconds + heard.atSeconds) * 1_000) - Number(prefix),
      );
      const { itemId, startMs } = this.#buffered;
      sequence.later(() => this.#speechStarted(itemId, startMs));
    } else if (heard.speechFinal) {
      const buffered = this.#buffered;
      const endMs = Math.round((this.#seconds + heard.start + heard.duration) * 1_000);
      this.#buffered = this.#empty();
      sequence.later(() => this.#speechStopped(buffered, endMs));
    }
  }

  #speechStarted(itemId: string, startMs: number): void {
    const { connection, speechStarted } = this.#init;
    connection.send({ type: 'input_audio_buffer.speech_started', item_id: itemId, audio_start_ms: startMs });
    speechStarted();
  }

  #speechStopped(buffered: Buffered, endMs: number): void {
    const { connection, turnEnded } = this.#init;
    const type = 'input_audio_buffer.speech_stopped';
    connection.send({ type, item_id: buffered.itemId, audio_end_ms: endMs });
    this.#accept(buffered, endMs);
    turnEnded();
  }

  #accept({ itemId, startMs, words }: Buffered, endMs: number): void {
    const { connection, committed } = this.#init;
    connection.send({ type: 'input_audio_buffer.committed', item_id: itemId, previous_item_id: null });
    const item = { id: itemId, type: 'message', role: 'user', status: 'completed' };
    connection.send({
      type: 'conversation.item.added',
      previous_item_id: null,
      item: { ...item, content: [{ type: 'input_audio', transcript: null }] },
    });
    committed({ itemId, spoken: words.join(' '), seconds: (endMs - startMs) / 1_000 });
  }
}
