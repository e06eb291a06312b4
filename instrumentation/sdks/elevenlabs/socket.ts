import { type Context, context } from '@opentelemetry/api';
import { nowMs } from '../../call/clock.ts';
import { followsRequests } from '../../call/open-stage.ts';
import { activeCall } from '../../call/scope.ts';
import type { Turn } from '../../call/turn.ts';
import { makeRoom } from '../kit/make-room.ts';
import { type Foreign, text } from '../kit/patch.ts';
import { contextIdOf, readFrame, type SpeechFrame } from './frames.ts';
import { ElevenLabsSynthesis } from './synthesis.ts';

/** Syntheses that may be open on one socket; beyond it the oldest is given up. */
const MAX_VOICES = 64;
/** A socket that is kept open does not say when the audio of a flush is over: it is, when none came for so long. */
const QUIET_MS = 1_000;
/** The name of the only synthesis of a socket that does not name them. */
const ONLY = '';

/** One synthesis on the socket: what is said under one name in one turn. */
interface Voice {
  readonly synthesis: ElevenLabsSynthesis;
  /** Where its text was sent. */
  readonly within: Context;
  /** The turn that it is spoken in. */
  readonly turn: Turn | undefined;
  /** All of its text is to be spoken now. */
  flushed: boolean;
  lastAudioMs: number | undefined;
  quiet: NodeJS.Timeout | undefined;
}

/** The syntheses of one `stream-input` or `multi-stream-input` socket. */
export class ElevenLabsSocket {
  readonly #opened: Context;
  readonly #query: URLSearchParams;
  readonly #named: boolean;
  readonly #open = new Map<string, Voice>();
  #closing = false;
  #complete = false;
  #current: Voice | undefined;

  /**
   * @param url Where it connects to.
   * @param opened Where it was opened, for what belongs to no synthesis.
   */
  constructor(url: URL, opened: Context) {
    this.#query = url.searchParams;
    this.#named = url.pathname.endsWith('/multi-stream-input');
    this.#opened = opened;
  }

  /** A socket can outlive the call that it was opened in: what a synthesis gives runs where its text was sent. */
  get context(): Context {
    return this.#current?.within ?? this.#opened;
  }

  /** The application sends a message. */
  sent(message: Foreign | undefined): void {
    if (!message) return;
    const id = contextIdOf(message) ?? ONLY;
    const words = text(message.text);
    // A single space opens a synthesis, and is not spoken.
    if (words !== undefined && words !== ' ') this.#say(id, words);
    const voice = this.#open.get(id);
    if (voice && (message.flush === true || this.#query.get('auto_mode') === 'true')) this.#flush(id, voice);
    if (message.close_context === true && voice && !voice.flushed) this.#take(id)?.cancel();
    if (message.close_socket === true || (message.text === '' && id === ONLY)) this.#complete = true;
  }

  /** A message came. Called before the application's handlers. */
  received(data: unknown): void {
    this.#current = undefined;
    const frame = readFrame(data, this.#named);
    if (!frame) return;
    const id = this.#idOf(frame);
    const voice = this.#open.get(id);
    this.#current = voice;
    if (frame.audioBytes > 0 && voice) {
      voice.lastAudioMs = nowMs();
      voice.synthesis.audio(frame.audioBytes);
      voice.quiet?.refresh();
    }
    if (frame.error !== undefined) this.#endAll((synthesis) => synthesis.fail(frame.error));
    else if (frame.final) this.#take(id)?.end();
  }

  /** The application closes the socket. */
  closing(): void {
    this.#closing = true;
  }

  /** The connection is gone, and with it whatever was being spoken. */
  closed(code: unknown): void {
    const complete = this.#complete && code === 1000 && !this.#closing;
    this.#endAll((synthesis) => {
      if (complete) synthesis.end();
      else if (this.#closing || code === 1000) synthesis.cancel();
      else synthesis.fail('connection_closed');
    });
  }

  /** Audio that names no synthesis is that of the only one there is. */
  #idOf({ contextId }: SpeechFrame): string {
    if (contextId !== undefined && this.#open.has(contextId)) return contextId;
    return ONLY;
  }

  #say(id: string, words: string): void {
    const known = this.#open.get(id);
    const turn = activeCall()?.turn;
    if (known && (known.synthesis.stage.ended || (turn && turn !== known.turn))) this.#leave(id, known);
    const voice = this.#open.get(id) ?? this.#begin(id);
    if (!voice) return;
    voice.synthesis.say(words);
    voice.flushed = false;
    clearTimeout(voice.quiet);
    voice.quiet = undefined;
  }

  #begin(id: string): Voice | undefined {
    if (!followsRequests()) return undefined;
    const oldest = makeRoom(this.#open, MAX_VOICES);
    clearTimeout(oldest?.quiet);
    oldest?.synthesis.cancel();
    const model = this.#query.get('model_id') ?? undefined;
    const synthesis = ElevenLabsSynthesis.start(model, this.#query.get('output_format'));
    const voice = {
      synthesis,
      within: context.active(),
      turn: activeCall()?.turn,
      flushed: false,
      lastAudioMs: undefined,
      quiet: undefined,
    };
    this.#open.set(id, voice);
    return voice;
  }

  /** The next turn speaks: what was flushed before has been spoken, what was not is given up. */
  #leave(id: string, { flushed, lastAudioMs }: Voice): void {
    const synthesis = this.#take(id);
    if (flushed && lastAudioMs !== undefined) synthesis?.endedAt(lastAudioMs);
    else synthesis?.cancel();
  }

  #flush(id: string, voice: Voice): void {
    voice.flushed = true;
    voice.quiet ??= setTimeout(() => this.#fellQuiet(id, voice), QUIET_MS).unref();
  }

  #fellQuiet(id: string, voice: Voice): void {
    if (this.#open.get(id) !== voice) return;
    // The first audio may take longer than that.
    if (voice.lastAudioMs === undefined) voice.quiet?.refresh();
    else this.#take(id)?.endedAt(voice.lastAudioMs);
  }

  /** The synthesis of that name, which is over. */
  #take(id: string): ElevenLabsSynthesis | undefined {
    const voice = this.#open.get(id);
    this.#open.delete(id);
    clearTimeout(voice?.quiet);
    return voice?.synthesis;
  }

  #endAll(end: (synthesis: ElevenLabsSynthesis) => void): void {
    for (const id of [...this.#open.keys()]) {
      const synthesis = this.#take(id);
      if (synthesis) end(synthesis);
    }
  }
}
