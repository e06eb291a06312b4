import type { Micros } from '../../../model/facts.ts';
import type { CutOffBy } from '../../../model/vocabulary.ts';
import { nowUs } from '../clock.ts';
import type { Stage, StageResult } from '../stage.ts';
import type { Turn } from '../turn.ts';
import type { CurrentTurn } from './current-turn.ts';

/** Whether playback was seen, or follows from the audio that came. */
export type PlaybackSource = 'observed' | 'estimated';

/** Audio that the agent had on its way when it was stopped. */
const STRAY_AUDIO_US = 300_000;

/** How the agent is heard: as a transport shows it, or estimated from synthesis. */
export class AgentVoice {
  readonly #current: CurrentTurn;
  #observed = false;
  /** Playback is told, and need not be concluded from synthesis. */
  #told = false;
  /** Queued audio is being played, whichever turn it came from. */
  #queued = false;
  #pausedUs: Micros | undefined;
  #stoppedUs: Micros | undefined;
  /** The last barge-in, for audio that was still on its way. */
  #bargedInUs: Micros | undefined;
  #estimatedEndUs: Micros | undefined;
  #cutOff = false;
  #synthesis = false;

  constructor(current: CurrentTurn) {
    this.#current = current;
  }

  /** The agent is being heard, or is paused. */
  get audible(): boolean {
    return this.#current.open?.playing ?? false;
  }

  /** Something shows when the agent speaks. */
  get seen(): boolean {
    return this.#told || this.#synthesis;
  }

  /** When the agent was stopped in mid-reply, by speech in which no words are understood yet. */
  get stoppedUs(): Micros | undefined {
    return this.#stoppedUs;
  }

  /** The far end went away while it was still to hear the agent. */
  get wasCutOff(): boolean {
    return this.#cutOff;
  }

  /** What the agent says is synthesised where it is seen. */
  synthesisSeen(): void {
    this.#synthesis = true;
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
  isStray(us: Micros): boolean {
    this.#told = true;
    const late = this.#bargedInUs !== undefined && us - this.#bargedInUs < STRAY_AUDIO_US;
    return late && this.#current.open?.firstTtsByteUs === undefined;
  }

  /** The agent is heard from `us` on: it goes on, if it had been stopped in the turn `resuming`. */
  started(us: Micros, source: PlaybackSource, resuming: Turn | undefined): void {
    this.#current.note(this.#stoppedUs !== undefined && resuming ? 'agent_resumed' : 'agent_started', us);
    this.#queued = true;
    this.#cutOff = false;
    this.#stoppedUs = undefined;
    this.#current.spokenIn(us).startPlayback({ at: us / 1_000, source });
  }

  paused(us: Micros): void {
    if (!this.audible || this.#pausedUs !== undefined) return;
    this.#pausedUs = us;
    this.#current.note('agent_stopped', us);
  }

  resumed(us: Micros): void {
    if (!this.audible || this.#pausedUs === undefined) return;
    this.#pausedUs = undefined;
    this.#current.note('agent_resumed', us);
  }

  /** All was heard by `us`. */
  ended(us: Micros): void {
    this.#finish('agent_ended', us, false);
  }

  /** It was stopped at `us`, and does not go on by itself. Gives false when it was silent. */
  stopped(us: Micros): boolean {
    const heard = this.audible;
    if (heard) this.#stoppedUs = this.#pausedUs ?? us;
    this.#finish('agent_stopped', this.#pausedUs ?? us, true);
    return heard;
  }

  /** It was stopped at `us` by nothing that the user said. */
  cutOff(by: CutOffBy, us: Micros): void {
    if (!this.audible) return;
    if (by === 'hangup') this.#cutOff = true;
    else this.#current.open?.cutOff(by);
    this.#finish('agent_ended', us, true);
  }

  /** The user's words have stopped it. */
  bargedInto(): void {
    if (this.#stoppedUs !== undefined) this.#bargedInUs = this.#stoppedUs;
  }

  /** What had run out by `us` was heard to its end, though no timer has looked yet. */
  settle(us: Micros): void {
    const turn = this.#current.open;
    const endUs = this.#estimatedEndUs;
    if (this.#told || !turn?.playing || turn.manual || endUs === undefined || endUs >= us) return;
    for (const { kind } of turn.openStages) if (kind === 'tts') return;
    this.ended(endUs);
  }

  /** The audio that came has been heard by now. */
  runOut(): void {
    this.ended(this.#estimatedEndUs ?? nowUs());
  }

  /** Where no transport shows playback the caller hears synthesis as it comes, for as long as it lasts. */
  synthesised(turn: Turn, stage: Stage, result: StageResult | undefined): void {
    const { firstByteUs } = stage;
    if (firstByteUs === undefined) return;
    const heard = { at: firstByteUs / 1_000, source: 'estimated' } as const;
    if (this.#told) {
      // The reply before is still being played: this one is queued behind it, and nothing shows where it begins.
      if (this.#queued && !turn.answered) turn.startPlayback(heard);
    } else if (result) {
      if (stage.cancelled) return;
      const lastsUs = (result.usage?.audioSeconds ?? 0) * 1e6;
      const startsUs = Math.max(this.#estimatedEndUs ?? 0, firstByteUs);
      this.#estimatedEndUs = Math.round(Math.max(startsUs + lastsUs, stage.endUs ?? 0));
    } else if (!turn.playing) {
      this.#current.note('agent_started', firstByteUs);
      this.#estimatedEndUs = firstByteUs;
      turn.startPlayback(heard);
    }
  }

  /** Whether it falls silent with a synthesis that is cancelled: nothing else would tell. */
  fallsSilentWith(stage: Stage): boolean {
    return !this.#told && stage.kind === 'tts' && stage.cancelled && stage.firstByteUs !== undefined;
  }

  /** For how long what came will still be heard, in milliseconds; undefined: until its end is told. */
  playsForMs(turn: Turn): number | undefined {
    if (!turn.playing) return 0;
    return this.#told ? undefined : Math.max(0, ((this.#estimatedEndUs ?? 0) - nowUs()) / 1_000);
  }

  turnClosed(): void {
    this.#cutOff = false;
    this.#stoppedUs = undefined;
    this.#estimatedEndUs = undefined;
  }

  #finish(what: 'agent_ended' | 'agent_stopped', us: Micros, early: boolean): void {
    this.#queued = false;
    this.#pausedUs = undefined;
    if (!this.audible) return;
    this.#current.note(what, us);
    const playback = this.#current.open?.startPlayback();
    if (early) playback?.cancel({ at: us / 1_000 });
    else playback?.end({ at: us / 1_000 });
  }
}
