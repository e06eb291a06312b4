import type { Usage } from '../../../../model/facts.ts';
import type { StageFacts } from '../../../call/stage.ts';
import type { Turn } from '../../../call/turn.ts';
import { makeRoom } from '../make-room.ts';

/** Utterances that wait for their turn or their transcript; beyond it the oldest is forgotten. */
const MAX_UTTERANCES = 64;

/** What a model for transcription made of an utterance, beside the one that answers it. */
export interface Transcript {
  text?: string | undefined;
  facts?: StageFacts | undefined;
  usage?: Usage | undefined;
  /** Nothing could be transcribed. */
  error?: unknown;
}

/** An utterance of the user that was accepted. */
interface Utterance {
  readonly startMs: number;
  firstByteMs?: number;
  /** The turn that it belongs to, once that is known. */
  turn?: Turn;
  /** It came before the turn was known. */
  transcript?: Transcript & { atMs: number };
}

/**
 * Transcripts of what a model answers by itself, which come when they come, often after the answer has begun: they are
 * put into the turn that their utterance belongs to. Instants are milliseconds since 1970.
 */
export class LateTranscripts {
  readonly #utterances = new Map<string, Utterance>();

  /** An utterance was accepted. `id`: by which its transcript is told. */
  committed(id: string, startMs: number): void {
    makeRoom(this.#utterances, MAX_UTTERANCES);
    this.#utterances.set(id, { startMs });
  }

  /** A first piece of its transcript came. */
  begun(id: string, atMs: number): void {
    const utterance = this.#utterances.get(id);
    if (utterance) utterance.firstByteMs ??= atMs;
  }

  /** Its transcript is complete. */
  complete(id: string, transcript: Transcript, atMs: number): void {
    const utterance = this.#utterances.get(id);
    if (!utterance) return;
    utterance.transcript = { ...transcript, atMs };
    if (utterance.turn) this.#record(id, utterance.turn, utterance);
  }

  /** An utterance that has no turn, which another caller then has to place. */
  take(id: string): Utterance | undefined {
    const utterance = this.#utterances.get(id);
    if (!utterance || utterance.turn) return undefined;
    this.#utterances.delete(id);
    return utterance;
  }

  /** What was accepted since the last answer belongs to this turn. */
  place(turn: Turn): void {
    for (const [id, utterance] of this.#utterances) {
      if (utterance.turn) continue;
      utterance.turn = turn;
      if (utterance.transcript) this.#record(id, turn, utterance);
    }
  }

  /** Nothing more comes. */
  clear(): void {
    this.#utterances.clear();
  }

  #record(id: string, turn: Turn, { startMs, firstByteMs, transcript }: Utterance): void {
    this.#utterances.delete(id);
    const stage = turn.startStage('stt', { streaming: true, ...transcript?.facts, at: startMs }, false);
    const result = { text: transcript?.text, usage: transcript?.usage, at: transcript?.atMs };
    if (transcript?.error !== undefined) stage.fail(transcript.error, result);
    else {
      stage.firstByte(firstByteMs ?? transcript?.atMs);
      stage.end(result);
    }
  }
}
