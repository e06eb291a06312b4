import { nowMs } from '../../../call/clock.ts';
import type { ConnectionCall } from './connection-call.ts';

/** What a playout finds out. Instants are milliseconds since 1970. */
export interface PlayoutListener {
  started(atMs: number): void;
  ended(atMs: number): void;
  cleared(atMs: number): void;
  /** The far end went away before it had heard all. */
  cutOff(atMs: number): void;
}

/** Audio that is sent at the pace of speech comes a little late at times: only after so much silence it is over. */
const GRACE_MS = 100;
/** So near its end an answer was heard: what is left of it may be on the way, or silence. */
const HEARD_MS = 250;
/** How long after its audio has run out a mark may come back. */
const MARK_WAIT_MS = 2_000;
/** Marks waited for; an application that marks every frame of a long answer has its oldest ones forgotten. */
const MAX_MARKS = 1_024;

/**
 * When audio that was queued at a far end is heard: it starts with the first piece, and ends when the mark behind the
 * last piece comes back, or, without such a mark, when all that was queued has run out. One timer a playback, which
 * keeps no process alive.
 */
export class Playout {
  readonly #listener: PlayoutListener;
  readonly #now: () => number;
  #playing = false;
  /** When the audio queued so far has run out. */
  #endsMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #marks: string[] = [];
  /** Marks that were outstanding at a clear: the far end sends them back at once, and they mean nothing. */
  #voidMarks: string[] = [];
  /** Nothing was queued behind the last mark: its return is the end. */
  #tailMarked = false;

  /** @param now The clock, in milliseconds since 1970. */
  constructor(listener: PlayoutListener, now: () => number = nowMs) {
    this.#listener = listener;
    this.#now = now;
  }

  get playing(): boolean {
    return this.#playing;
  }

  /** When what was queued so far has been heard. */
  get endsMs(): number {
    return this.#endsMs;
  }

  /** Audio was queued. On the audio path: no allocation while a playback goes on. */
  queued(durationMs: number, atMs: number): void {
    this.#tailMarked = false;
    if (this.#playing) {
      this.#endsMs = Math.max(this.#endsMs, atMs) + durationMs;
      return;
    }
    this.#playing = true;
    this.#endsMs = atMs + durationMs;
    this.#watch(durationMs + GRACE_MS);
    this.#listener.started(atMs);
  }

  /** A mark was queued behind what was queued before it. */
  mark(name: string): void {
    if (this.#marks.length >= MAX_MARKS) this.#marks.shift();
    this.#marks.push(name);
    this.#tailMarked = true;
  }

  /** A mark came back: everything in front of it was heard. */
  echoed(name: string, atMs: number): void {
    if (remove(this.#voidMarks, name) || !remove(this.#marks, name)) return;
    if (this.#marks.length === 0 && this.#tailMarked) this.#end(atMs);
  }

  /**
   * What was queued and not yet heard was thrown away.
   * @param marksReturn The far end sends back the marks that were in it. (Default: true.)
   */
  clear(atMs: number, marksReturn = true): void {
    if (marksReturn) this.#voidMarks = [...this.#voidMarks, ...this.#marks].slice(-MAX_MARKS);
    this.#marks = [];
    if (!this.#playing) return;
    this.#stop();
    this.#listener.cleared(atMs);
  }

  /** The far end is gone. */
  close(atMs: number): void {
    if (!this.#playing) return;
    if (this.#endsMs - atMs <= HEARD_MS) this.#end(Math.min(this.#endsMs, atMs));
    else {
      this.#stop();
      this.#listener.cutOff(atMs);
    }
  }

  #end(atMs: number): void {
    if (!this.#playing) return;
    this.#stop();
    this.#listener.ended(atMs);
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#playing = false;
    this.#tailMarked = false;
  }

  #watch(delayMs: number): void {
    this.#timer = setTimeout(() => this.#look(), delayMs);
    this.#timer.unref();
  }

  /** More may have been queued since; and timers fire early by a fraction of a millisecond. */
  #look(): void {
    const restMs = this.#endsMs + (this.#tailMarked ? MARK_WAIT_MS : GRACE_MS) - this.#now();
    if (restMs > 1) this.#watch(restMs);
    else this.#end(this.#endsMs);
  }
}

function remove(names: string[], name: string): boolean {
  const index = names.indexOf(name);
  if (index >= 0) names.splice(index, 1);
  return index >= 0;
}

/**
 * The playout of a provider that sends audio and reports no playback: when it is heard is worked out from the audio that
 * came, unless the call's transport shows it.
 */
export const estimatedPlayout = (connection: ConnectionCall): Playout =>
  new Playout({
    started: (atMs) => connection.listening().tracker.playbackStarted(atMs, 'estimated'),
    ended: (atMs) => connection.current?.tracker.playbackEnded(atMs, 'estimated'),
    cleared: (atMs) => connection.current?.tracker.playbackCleared(atMs, 'estimated'),
    cutOff: (atMs) => connection.current?.tracker.playbackCutOff('hangup', atMs, 'estimated'),
  });
