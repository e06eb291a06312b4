import type { SpeechEvent } from '../../../exporter/quality/speech-events.ts';
import type { Micros } from '../../../model/facts.ts';
import { nowUs } from '../clock.ts';
import type { StageResult } from '../stage.ts';
import type { Turn } from '../turn.ts';

/** Whether playback was seen, or follows from the audio that came. */
export type PlaybackSource = 'observed' | 'estimated';

/** Audio that the agent had on its way when it was stopped. */
const STRAY_AUDIO_US = 300_000;

/** What is known of how the agent is heard: from a transport that shows it, or estimated from synthesis. */
export class AgentVoice {
  #observed = false;
  /** Playback is told, and need not be concluded from synthesis. */
  #told = false;
  /** Queued audio is being played, whichever turn it came from. */
  #audible = false;
  #pausedUs: Micros | undefined;
  #stoppedUs: Micros | undefined;
  /** The last barge-in, for audio that was still on its way. */
  #bargedInUs: Micros | undefined;
  #estimatedEndUs: Micros | undefined;

  /** When the agent was stopped in mid-reply, by speech in which no words are understood yet. */
  get stoppedUs(): Micros | undefined {
    return this.#stoppedUs;
  }

  /** When the audio that came has run out. */
  get estimatedEndUs(): Micros | undefined {
    return this.#estimatedEndUs;
  }

  /** Nothing tells when the agent is heard. */
  get estimates(): boolean {
    return !this.#told;
  }

  /** A transport shows what is played. */
  observed(): void {
    this.#observed = true;
    this.#told = true;
  }

  /** Whether what is seen makes what is told from this source void. */
  outdoes(source: PlaybackSource): boolean {
    return source === 'estimated' && this.#observed;
  }

  /** Whether audio that is heard from `us` on had been on its way when the agent was stopped: it answers nothing. */
  isStray(us: Micros, turn: Turn | undefined): boolean {
    this.#told = true;
    const late = this.#bargedInUs !== undefined && us - this.#bargedInUs < STRAY_AUDIO_US;
    return late && turn?.firstTtsByteUs === undefined;
  }

  /** The agent is heard; `turn`: the one that it may go on with, if it was stopped. */
  started(turn: Turn | undefined): SpeechEvent['what'] {
    const resumes = this.#stoppedUs !== undefined && turn !== undefined;
    this.#audible = true;
    this.#stoppedUs = undefined;
    return resumes ? 'agent_resumed' : 'agent_started';
  }

  /** Gives false when it is silent already. */
  paused(us: Micros): boolean {
    if (this.#pausedUs !== undefined) return false;
    this.#pausedUs = us;
    return true;
  }

  /** Gives false when it was not paused. */
  resumed(): boolean {
    const paused = this.#pausedUs !== undefined;
    this.#pausedUs = undefined;
    return paused;
  }

  ended(): void {
    this.#audible = false;
    this.#pausedUs = undefined;
  }

  /** Stopped for good at `us`. Gives the instant of the silence; undefined when nothing was heard. */
  stopped(us: Micros, wasHeard: boolean): Micros | undefined {
    const silentUs = this.#pausedUs ?? us;
    this.ended();
    if (!wasHeard) return undefined;
    this.#stoppedUs = silentUs;
    return silentUs;
  }

  /** The user's words have stopped it. */
  bargedInto(): void {
    if (this.#stoppedUs !== undefined) this.#bargedInUs = this.#stoppedUs;
  }

  /** Whether the reply before is still being played: this one comes behind it, and nothing tells where it begins. */
  queuesBehind(turn: Turn): boolean {
    return this.#told && this.#audible && !turn.answered;
  }

  /** Adds the audio of a synthesis to what is heard. Gives true when it is the first that is heard. */
  estimate(
    turn: Turn,
    firstByteUs: Micros,
    endUs: Micros | undefined,
    result: StageResult | undefined,
  ): boolean {
    if (this.#told) return false;
    if (result) {
      const lastsUs = (result.usage?.audioSeconds ?? 0) * 1e6;
      const startsUs = Math.max(this.#estimatedEndUs ?? 0, firstByteUs);
      this.#estimatedEndUs = Math.round(Math.max(startsUs + lastsUs, endUs ?? 0));
      return false;
    }
    if (turn.playing) return false;
    this.#estimatedEndUs = firstByteUs;
    return true;
  }

  /** For how long what came will still be heard, in milliseconds; undefined: until its end is told. */
  playsForMs(turn: Turn): number | undefined {
    if (!turn.playing) return 0;
    return this.#told ? undefined : Math.max(0, ((this.#estimatedEndUs ?? 0) - nowUs()) / 1_000);
  }

  turnClosed(): void {
    this.#stoppedUs = undefined;
    this.#estimatedEndUs = undefined;
  }
}
