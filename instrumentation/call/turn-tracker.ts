import { judgeInterruptions, type SpeechEvent } from '../../exporter/quality/speech-events.ts';
import type { EouSource, Micros } from '../../model/facts.ts';
import { type Instant, instantUs, nowUs } from './clock.ts';
import { guardMethods } from './spans.ts';
import type { Stage, StageFacts, StageResult } from './stage.ts';
import type { Turn, TurnInit } from './turn.ts';

/** What the tracker needs of its call. */
export interface TrackerHost {
  openTurn(init: Omit<TurnInit, 'index' | 'previous'>): Turn;
  /** Opens a stage that belongs to no turn, such as an utterance that led to none: its usage is the call's. */
  startStage(kind: 'stt' | 'llm' | 'tts' | 'tool', facts: StageFacts & { at?: Instant }): Stage;
}

/** Whether playback was seen, or follows from the audio that came. */
export type PlaybackSource = 'observed' | 'estimated';

/** One utterance transcribed. Recorded when it is over, because only then it is known which turn it belongs to. */
export interface Utterance {
  /** When the user began to speak. */
  startAt: Instant;
  /** When a recording was sent to be transcribed. (Default: `startAt`. A live stream is transcribed as the user speaks.) */
  requestedAt?: Instant | undefined;
  /** First transcript of the utterance. */
  firstByteAt?: Instant | undefined;
  /** Final transcript. */
  endAt: Instant;
  facts: StageFacts;
  result: StageResult;
  /** The connection ended before the final transcript. */
  cancelled?: boolean;
  /** Why there is no transcript. */
  error?: unknown;
}

/** Speech that is not a turn yet: nothing was understood, or the agent is still speaking. */
interface PendingSpeech {
  startUs: Micros;
  /** It is when we first heard of it: the user had begun before. */
  startInferred: boolean;
  endUs?: Micros;
  endSource?: EouSource;
  committedUs?: Micros;
  /** Words were understood: it is not a cough. */
  heard: boolean;
  utterances: Utterance[];
}

/** Lets the next sentence of the same reply start before the turn counts as over. */
const QUIET_MS = 150;
/** How long a turn waits for the request that follows a tool call. */
const TOOL_WAIT_MS = 30_000;
/** How long a stopped reply waits for the words that stopped it, or to be resumed. */
const STOPPED_WAIT_MS = 1_500;
/** Audio that the agent had on its way when it was stopped. */
const STRAY_AUDIO_US = 300_000;
const MAX_UTTERANCES = 16;
const MAX_SPEECH_EVENTS = 256;
const TOOL_CALL_REASONS = new Set(['tool_calls', 'tool_use', 'function_call']);

/**
 * Decides what belongs to which turn: when a turn opens, is committed, interrupted and closed. SDK files only tell it
 * what happened; what they tell may come late and out of order, so every decision goes by the instants told.
 *
 * - Speech becomes a turn when words are understood and the agent is silent, or is silenced by it.
 * - Until the agent is heard, everything the user says belongs to the same turn.
 * - Words spoken over an agent that goes on are no turn (a backchannel), unless the agent answers them.
 * - A turn closes when the agent has spoken, nothing is on its way, and it stays so for a moment.
 */
export class TurnTracker {
  readonly #host: TrackerHost;
  #turn: Turn | undefined;
  #pending: PendingSpeech | undefined;
  /** The agent was stopped by speech in which no words are understood yet. */
  #stoppedUs: Micros | undefined;
  /** The last barge-in, for audio that was still on its way. */
  #bargedInUs: Micros | undefined;
  #speech: SpeechEvent[] = [];
  #playbackObserved = false;
  /** Somebody says when playback starts and ends: it need not be concluded from synthesis. */
  #playbackTold = false;
  /** Queued audio is being played, whichever turn it came from. */
  #audible = false;
  #estimatedEndUs: Micros | undefined;
  #awaitsToolAnswer = false;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(host: TrackerHost) {
    this.#host = host;
  }

  /** The turn that is going on. */
  get turn(): Turn | undefined {
    return this.#turn?.ended ? undefined : this.#turn;
  }

  /** The transport shows what is played: nothing has to be estimated, and estimates that are told do not count. */
  observePlayback(): void {
    this.#playbackObserved = true;
    this.#playbackTold = true;
  }

  /**
   * The user began to speak at `at`; or some time before, where that is `inferred` from words that came then. How long
   * the agent took to fall silent is unknown in that case.
   */
  speechStarted(at: Instant, start: 'known' | 'inferred' = 'known'): void {
    if (this.#ended) return;
    const us = instantUs(at);
    this.#note('user_started', us);
    const turn = this.turn;
    const startInferred = start === 'inferred';
    if (this.#pending?.heard) {
      delete this.#pending.endUs;
      if (us < this.#pending.startUs) Object.assign(this.#pending, { startUs: us, startInferred });
    } else if (turn && !turn.answered) turn.userSpeechStarted({ at });
    else if (!this.#pending || this.#pending.endUs !== undefined || us < this.#pending.startUs)
      this.#pending = { startUs: us, startInferred, heard: false, utterances: [] };
  }

  /** The user fell silent at `at`, which may be long before this is known. */
  speechEnded(at: Instant, source: EouSource): void {
    if (this.#ended) return;
    const us = instantUs(at);
    this.#note('user_ended', us);
    const pending = this.#pending;
    if (pending && us >= pending.startUs) {
      pending.endUs = us;
      pending.endSource = source;
    } else this.turn?.userSpeechEnded({ at, source });
  }

  /** Words of the user were understood, for the first time or again. `startAt`: when they were begun. */
  wordsHeard(startAt: Instant): void {
    if (this.#ended) return;
    // In a turn that waits for its answer this only says that the user has begun; elsewhere it is pending speech.
    if (!this.#pending) this.speechStarted(startAt);
    if (!this.#pending) return;
    this.#pending.heard = true;
    if (!this.#agentAudible()) this.#promote();
  }

  /** An utterance is over. */
  utterance(utterance: Utterance): void {
    const turn = this.turn;
    // Told when the agent had begun to answer it: recognisers give the end of an utterance for certain some time later.
    const answered =
      !this.#pending && turn !== undefined && instantUs(utterance.startAt) < (turn.playbackStartedUs ?? 0);
    if (utterance.result.text && !answered) this.wordsHeard(utterance.startAt);
    const pending = this.#pending;
    if (pending && pending.utterances.length < MAX_UTTERANCES) pending.utterances.push(utterance);
    else if (this.turn && !this.#ended) recordOn(this.turn, utterance);
    else recordOn(this.#host, utterance);
  }

  /** What the user said was accepted as finished. */
  committed(at?: Instant): void {
    if (this.#ended) return;
    const us = instantUs(at);
    if (this.#pending) this.#pending.committedUs = us;
    else {
      this.#note('user_committed', us);
      this.turn?.committed(us / 1_000);
    }
  }

  /** A model request, a tool or synthesis starts. It belongs to the turn that it answers. */
  startStage(kind: 'llm' | 'tts' | 'tool', facts: StageFacts, at?: Instant): Stage {
    const startUs = instantUs(at);
    if (this.#ended) return this.#host.startStage(kind, { ...facts, at: startUs / 1_000 });
    // A request made while the user's words over the agent are known answers them, unless the model waits for a tool.
    if (this.#pending?.heard && (kind === 'llm' ? !this.#awaitsToolAnswer : !this.turn)) this.#promote();
    if (kind === 'llm') this.#awaitsToolAnswer = false;
    return this.#turnFor('agent', startUs).startStage(kind, { ...facts, at: startUs / 1_000 });
  }

  /** The caller hears the agent from `at` on. `estimated`: from the audio that came, where no transport shows it. */
  playbackStarted(at?: Instant, source: PlaybackSource = 'observed'): void {
    if (this.#ended || this.#outdoes(source)) return;
    this.#playbackTold = true;
    const us = instantUs(at);
    const current = this.turn;
    const stray = this.#bargedInUs !== undefined && us - this.#bargedInUs < STRAY_AUDIO_US;
    if (stray && current?.firstTtsByteUs === undefined) return;
    this.#audible = true;
    const resumed = this.#stoppedUs !== undefined && current !== undefined;
    this.#note(resumed ? 'agent_resumed' : 'agent_started', us);
    this.#stoppedUs = undefined;
    if (!current && this.#pending?.heard) this.#promote();
    this.#turnFor('agent', us).startPlayback({ at: us / 1_000, source });
  }

  /** All that was queued has been played. */
  playbackEnded(at?: Instant, source: PlaybackSource = 'observed'): void {
    if (this.#outdoes(source)) return;
    const us = instantUs(at);
    const turn = this.turn;
    this.#audible = false;
    if (this.#ended || !turn?.playing) return;
    this.#note('agent_ended', us);
    turn.startPlayback().end({ at: us / 1_000 });
  }

  /** The agent was stopped before it had finished. */
  playbackCleared(at?: Instant, source: PlaybackSource = 'observed'): void {
    if (this.#outdoes(source)) return;
    const us = instantUs(at);
    const turn = this.turn;
    this.#audible = false;
    if (this.#ended || !turn?.playing) return;
    this.#note('agent_stopped', us);
    this.#stoppedUs = us;
    turn.startPlayback().cancel({ at: us / 1_000 });
    if (this.#pending?.heard) this.#promote();
  }

  /** A turn of the application's own: it ends when the application says so. */
  startManualTurn(initiator: 'user' | 'agent', at?: Instant): Turn {
    const us = instantUs(at);
    this.#close(us);
    return this.#open(initiator, us, true);
  }

  /** The call is over. */
  end(at: Instant): void {
    if (this.#ended) return;
    const us = instantUs(at);
    if (this.#stoppedUs !== undefined ? this.#pending?.heard : this.#talksOn()) this.#promote();
    this.#close(us);
    this.#ended = true;
    for (const utterance of this.#pending?.utterances ?? []) recordOn(this.#host, utterance);
    this.#pending = undefined;
  }

  /** Called by the call when a stage of `turn` gave its first byte or ended, or its playback began. */
  turnChanged(turn: Turn, stage: Stage | undefined, result: StageResult | undefined): void {
    if (turn !== this.#turn || turn.ended) return;
    if (stage?.kind === 'llm' && result?.finishReasons?.some((reason) => TOOL_CALL_REASONS.has(reason)))
      this.#awaitsToolAnswer = true;
    if (turn.manual) return;
    if (stage?.kind === 'tts' && !this.#playbackTold) this.#estimatePlayback(turn, stage, result);
    else if (stage?.kind === 'tts' && this.#audible && !turn.answered && stage.firstByteUs !== undefined)
      // The reply before is still being played: this one is queued behind it, and nothing tells where it begins.
      turn.startPlayback({ at: stage.firstByteUs / 1_000, source: 'estimated' });
    this.#scheduleClose();
  }

  /** The transport does not show playback: the caller hears synthesis as it comes, for as long as it lasts. */
  #estimatePlayback(turn: Turn, stage: Stage, result: StageResult | undefined): void {
    if (stage.firstByteUs === undefined) return;
    if (!result) {
      if (turn.playing) return;
      this.#note('agent_started', stage.firstByteUs);
      this.#estimatedEndUs = stage.firstByteUs;
      turn.startPlayback({ at: stage.firstByteUs / 1_000, source: 'estimated' });
    } else if (stage.cancelled) {
      this.playbackCleared((stage.endUs ?? nowUs()) / 1_000);
    } else {
      const lastsUs = (result.usage?.audioSeconds ?? 0) * 1e6;
      const startsUs = Math.max(this.#estimatedEndUs ?? 0, stage.firstByteUs);
      this.#estimatedEndUs = Math.round(Math.max(startsUs + lastsUs, stage.endUs ?? 0));
    }
  }

  #scheduleClose(): void {
    clearTimeout(this.#timer);
    const turn = this.turn;
    if (!turn?.answered) return;
    for (const stage of turn.openStages) if (stage.kind !== 'playback') return;
    if (turn.playing && this.#playbackTold) return;
    const playsForMs = turn.playing ? ((this.#estimatedEndUs ?? 0) - nowUs()) / 1_000 : 0;
    const graceMs = this.#awaitsToolAnswer
      ? TOOL_WAIT_MS
      : this.#stoppedUs !== undefined
        ? STOPPED_WAIT_MS
        : QUIET_MS;
    const waitMs = Math.max(0, playsForMs) + graceMs;
    this.#timer = setTimeout(() => this.#closeQuiet(), waitMs);
    this.#timer.unref();
  }

  #closeQuiet(): void {
    const turn = this.turn;
    if (!turn) return;
    if (turn.playing) this.playbackEnded((this.#estimatedEndUs ?? nowUs()) / 1_000);
    clearTimeout(this.#timer);
    if (this.#talksOn()) this.#promote();
    else this.#close(turn.playbackEndedUs ?? nowUs());
  }

  /** The user spoke over the end of the reply and beyond it: that is the next turn and no backchannel. */
  #talksOn(): boolean {
    const pending = this.#pending;
    const agentEndedUs = this.turn?.playbackEndedUs;
    if (!pending?.heard || this.#agentAudible()) return false;
    return pending.endUs === undefined || agentEndedUs === undefined || pending.endUs > agentEndedUs;
  }

  #agentAudible(): boolean {
    return this.turn?.playing ?? false;
  }

  #outdoes(source: PlaybackSource): boolean {
    return source === 'estimated' && this.#playbackObserved;
  }

  #turnFor(initiator: 'user' | 'agent', us: Micros): Turn {
    return this.turn ?? this.#open(initiator, us, false);
  }

  #open(initiator: 'user' | 'agent', startUs: Micros, manual: boolean): Turn {
    this.#turn = this.#host.openTurn({ initiator, startUs, manual });
    return this.#turn;
  }

  /** Pending speech becomes a turn; the turn before it ends where the agent fell silent. */
  #promote(): void {
    const pending = this.#pending;
    if (!pending) return;
    this.#pending = undefined;
    const before = this.turn;
    const continues = before !== undefined && (before.manual || !before.answered);
    if (!continues) {
      if (this.#stoppedUs !== undefined) this.#bargedInUs = this.#stoppedUs;
      this.#note('user_committed', pending.committedUs ?? nowUs());
      this.#close(this.#stoppedUs ?? before?.playbackEndedUs ?? nowUs(), pending.startInferred);
      this.#note('user_started', pending.startUs);
      if (pending.endUs !== undefined) this.#note('user_ended', pending.endUs);
    }
    const turn = this.#turnFor('user', pending.startUs);
    turn.userSpeechStarted({ at: pending.startUs / 1_000 });
    if (pending.endUs !== undefined)
      turn.userSpeechEnded({ at: pending.endUs / 1_000, source: pending.endSource ?? 'stt_event' });
    for (const utterance of pending.utterances) recordOn(turn, utterance);
    if (pending.committedUs !== undefined) turn.committed(pending.committedUs / 1_000);
  }

  /** @param startInferred When the speech that ends the turn began is not known. */
  #close(atUs: Micros, startInferred = false): void {
    clearTimeout(this.#timer);
    const turn = this.turn;
    const speech = this.#speech;
    this.#speech = [];
    this.#stoppedUs = undefined;
    this.#estimatedEndUs = undefined;
    this.#awaitsToolAnswer = false;
    if (!turn) return;
    for (const { timeToSilenceSeconds, ...interruption } of judgeInterruptions(speech))
      turn.interruption(
        startInferred || timeToSilenceSeconds === undefined
          ? interruption
          : { ...interruption, timeToSilenceSeconds },
      );
    turn.end({ at: atUs / 1_000 });
  }

  #note(what: SpeechEvent['what'], atUs: Micros): void {
    if (this.#speech.length < MAX_SPEECH_EVENTS) this.#speech.push({ what, atUs });
  }
}

function recordOn(
  owner: Pick<TrackerHost, 'startStage'>,
  { startAt, requestedAt = startAt, firstByteAt, endAt, facts, result, cancelled, error }: Utterance,
): void {
  const stage = owner.startStage('stt', { ...facts, at: requestedAt });
  if (firstByteAt !== undefined) stage.firstByte(firstByteAt);
  const outcome = { ...result, at: endAt };
  if (cancelled) stage.cancel(outcome);
  else if (error !== undefined) stage.fail(error, outcome);
  else stage.end(outcome);
}

guardMethods(TurnTracker);
