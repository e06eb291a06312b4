import { type Context, context } from '@opentelemetry/api';
import type { Usage } from '../../../../model/facts.ts';
import { followsRequests } from '../../../call/open-stage.ts';
import { activeCall } from '../../../call/scope.ts';
import type { AudioFormat } from '../../kit/audio-format.ts';
import { DeepgramSynthesis } from './synthesis.ts';

/** Pieces that may be open on one socket; beyond it the oldest is given up. */
const MAX_PIECES = 256;

/** What was sent between two flushes. */
interface Piece {
  /** Absent: there was nothing to say, or it is not ours to report. */
  readonly synthesis: DeepgramSynthesis | undefined;
  /** Where the text was sent: a socket can outlive the call that it was opened in. */
  readonly within: Context;
  /** No more text belongs to it. */
  flushed: boolean;
  /** By which the service calls it. */
  id?: string | undefined;
}

/**
 * The texts that were sent on one socket to be spoken, oldest first: one synthesis each from its first text to its last
 * audio. The service speaks them in this order, and does not say to which one a frame of audio belongs.
 */
export class SpeechQueue {
  readonly #format: AudioFormat;
  readonly #pieces: Piece[] = [];
  #within: Context;
  #added = 0;

  /** As billed. */
  model: string | undefined;

  /** @param opened Where the socket was opened, for what belongs to no text. */
  constructor(model: string | undefined, format: AudioFormat, opened: Context) {
    this.model = model;
    this.#format = format;
    this.#within = opened;
  }

  /** Where what is spoken, or was last, was asked for. */
  get context(): Context {
    return this.#within;
  }

  /** Text was sent. */
  say(words: string): void {
    // What got no answer for minutes is over; what comes now belongs to something else.
    while (this.#pieces[0]?.synthesis?.stage.ended) this.#shift();
    const last = this.#pieces.at(-1);
    const piece = last && !last.flushed ? last : this.#add(followsRequests());
    piece.synthesis?.say(words);
  }

  /** No more text follows. `counts`: the service answers also when there was none. */
  flush({ counts }: { counts: boolean }): void {
    const last = this.#pieces.at(-1);
    if (last && !last.flushed) last.flushed = true;
    else if (counts) this.#add(false).flushed = true;
  }

  /** The service begins with the next piece, and calls it by this name. */
  started(id: string | undefined): void {
    const piece = this.#pieces.find((each) => each.id === undefined);
    if (piece) piece.id = id;
  }

  /** Audio came: it is of the oldest piece. On the audio path: no allocation. */
  audio(bytes: number, atMs: number): void {
    this.#pieces[0]?.synthesis?.audio(bytes, atMs);
  }

  /** The oldest piece is spoken. `id`: it is another one, if that is not its name. */
  spoken({ id, usage }: { id?: string | undefined; usage?: Usage | undefined } = {}): void {
    const oldest = this.#pieces[0];
    if (!oldest || (id !== undefined && oldest.id !== undefined && oldest.id !== id)) return;
    this.#shift();
    if (usage) oldest.synthesis?.reported(usage);
    oldest.synthesis?.end();
  }

  /** The pieces up to here are what an interruption that is asked for now concerns. */
  get mark(): number {
    return this.#added;
  }

  /**
   * The pieces up to `mark` were stopped at `atMs`. What they had given may still be playing: it is not heard any more.
   * `usage` is that of the piece called `id`.
   */
  stop(
    mark: number,
    atMs: number,
    { id, usage }: { id?: string | undefined; usage?: Usage | undefined } = {},
  ): void {
    while (this.#added - this.#pieces.length < mark) {
      const piece = this.#shift();
      if (usage && piece?.id === id) piece?.synthesis?.reported(usage);
      piece?.synthesis?.stop(atMs);
    }
    activeCall(this.#within)?.tracker.playbackCleared(atMs, 'estimated');
  }

  /** Nothing more comes. */
  close(how: (synthesis: DeepgramSynthesis) => void): void {
    for (let piece = this.#shift(); piece; piece = this.#shift()) if (piece.synthesis) how(piece.synthesis);
  }

  #add(followed: boolean): Piece {
    if (this.#pieces.length >= MAX_PIECES) this.#shift()?.synthesis?.cancel();
    const synthesis = followed ? new DeepgramSynthesis(this.model, this.#format) : undefined;
    const piece = { synthesis, within: context.active(), flushed: false };
    this.#pieces.push(piece);
    this.#added++;
    if (this.#pieces.length === 1) this.#within = piece.within;
    return piece;
  }

  #shift(): Piece | undefined {
    const piece = this.#pieces.shift();
    this.#within = this.#pieces[0]?.within ?? this.#within;
    return piece;
  }
}
