import type { EouSource, Micros } from '../../model/facts.ts';
import { type Instant, instantUs, nowUs } from './clock.ts';
import { guardMethods } from './spans.ts';
import type { Stage, StageFacts, StageResult } from './stage.ts';
import type { Turn } from './turn.ts';
import { AgentVoice, type PlaybackSource } from './turns/agent-voice.ts';
import type { CallHost } from './turns/host.ts';
import { type ReplyRules, SilenceRules } from './turns/reply-rules.ts';
import { SpeechLog } from './turns/speech-log.ts';
import { UserSpeech } from './turns/user-speech.ts';
import { recordUtterance, type Utterance } from './turns/utterance.ts';

/**
 * Decides what belongs to which turn: when a turn opens, is committed, interrupted and closed. SDK files only tell it
 * what happened; what they tell may come late and out of order, so every decision goes by the instants told.
 *
 * - Speech becomes a turn when words are understood and the agent is silent, or is silenced by it.
 * - Until the agent is heard, everything the user says belongs to the same turn.
 * - A sound after the user's words were accepted is not what is answered, unless words are understood in it.
 * - Words spoken over an agent that goes on are no turn (a backchannel), unless the agent answers them.
 * - What a framework takes for the end of the user's turn is one, whatever was understood.
 * - A turn closes when its reply is over: by the rules for silence, or by the framework's word.
 */
export class TurnTracker {
  readonly #host: CallHost;
  readonly #voice = new AgentVoice();
  readonly #log = new SpeechLog();
  #rules: ReplyRules = new SilenceRules();
  #turn: Turn | undefined;
  /** Speech that is no turn yet: nothing was understood, or the agent is still speaking. */
  #pending: UserSpeech | undefined;
  #committed = false;
  #userEndedUs: Micros = 0;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(host: CallHost) {
    this.#host = host;
  }

  /** The turn that is going on. */
  get turn(): Turn | undefined {
    return this.#turn?.ended ? undefined : this.#turn;
  }

  /** When the user was last heard. */
  get userEndedUs(): Micros {
    return this.#userEndedUs;
  }

  /** A framework says what is answered, and when a reply is over. */
  follow(rules: ReplyRules): void {
    this.#rules = rules;
    this.observePlayback();
  }

  /** The transport shows what is played: nothing has to be estimated, and estimates that are told do not count. */
  observePlayback(): void {
    this.#voice.observed();
  }

  /**
   * The user began to speak at `at`; or some time before, where that is `inferred` from words that came then. How long
   * the agent took to fall silent is unknown in that case.
   */
  speechStarted(at: Instant, start: 'known' | 'inferred' = 'known'): void {
    if (this.#ended) return;
    const us = instantUs(at);
    this.#log.note('user_started', us);
    const inferred = start === 'inferred';
    const pending = this.#pending;
    const turn = this.turn;
    if (pending?.heard) pending.resumed(us, inferred);
    else if (turn && this.#isSaidIn(turn)) turn.userSpeechStarted({ at: us / 1_000 });
    else if (!pending || pending.endUs !== undefined || us < pending.startUs)
      this.#pending = new UserSpeech(us, inferred);
  }

  /** The user fell silent at `at`, which may be long before this is known. */
  speechEnded(at: Instant, source: EouSource): void {
    if (this.#ended) return;
    const us = instantUs(at);
    this.#log.note('user_ended', us);
    this.#userEndedUs = us;
    if (!this.#pending?.ended(us, source)) this.turn?.userSpeechEnded({ at: us / 1_000, source });
  }

  /** Words of the user were understood, for the first time or again. `startAt`: when they were begun. */
  wordsHeard(startAt: Instant): void {
    if (this.#ended) return;
    // In a turn that waits for its answer this only says that the user has begun; elsewhere it is pending speech.
    if (!this.#pending) this.speechStarted(startAt);
    if (!this.#pending) return;
    this.#pending.wordsHeard();
    if (!this.#audible) this.#promote(nowUs());
  }

  /** An utterance is over. */
  utterance(utterance: Utterance): void {
    const turn = this.turn;
    // Told when the agent had begun to answer it: recognisers give the end of an utterance for certain some time later.
    const answered =
      !this.#pending && turn !== undefined && instantUs(utterance.startAt) < (turn.playbackStartedUs ?? 0);
    if (utterance.result.text && !answered) this.wordsHeard(utterance.startAt);
    if (this.#pending?.keep(utterance)) return;
    recordUtterance((!this.#ended && this.turn) || this.#host, utterance);
  }

  /** What the user said was accepted as finished. */
  committed(at?: Instant): void {
    if (this.#ended) return;
    const us = instantUs(at);
    if (this.#pending) this.#pending.committedUs = us;
    else {
      this.#log.note('user_committed', us);
      this.#commit(us);
    }
  }

  /** The framework took the user's turn for finished at `at`, and answers it. `end`: when the user had fallen silent. */
  accepted(at: Instant, end: { at: Instant; source: EouSource } | undefined): void {
    if (this.#ended) return;
    const us = instantUs(at);
    if (this.#pending) this.#promote(us);
    const turn = this.turn;
    if (turn?.initiator !== 'user' || (turn.answered && this.#committed)) {
      const startUs = end ? instantUs(end.at) : us;
      this.#close(Math.max(startUs, turn?.playbackEndedUs ?? 0));
      this.#open('user', startUs, false);
    }
    this.#log.note('user_committed', us);
    if (end) this.turn?.userSpeechEnded(end);
    this.#commit(us);
  }

  /** A model request, a tool or synthesis starts. It belongs to the turn that it answers. */
  startStage(kind: 'llm' | 'tts' | 'tool', facts: StageFacts, at?: Instant): Stage {
    const startUs = instantUs(at);
    if (this.#ended) return this.#host.startStage(kind, { ...facts, at: startUs / 1_000 });
    if (this.#pending?.heard && this.#rules.answersWords(kind, this.turn !== undefined))
      this.#promote(startUs);
    this.#rules.requestStarted(kind);
    return this.#turnFor('agent', startUs).startStage(kind, { ...facts, at: startUs / 1_000 });
  }

  /**
   * The turn that a reply of a framework's may belong to. What the user has said while the agent is silent is one.
   *
   * @param speechAnswered Speech is answered of which no words are known.
   */
  turnForReply(speechAnswered: boolean): Turn | undefined {
    if (this.#pending && (this.#pending.heard || speechAnswered) && !this.#audible) this.#promote(nowUs());
    return this.turn;
  }

  /** The agent says something of its own accord. */
  startAgentTurn(startUs: Micros): Turn {
    this.#close(Math.max(startUs, this.turn?.playbackEndedUs ?? 0));
    return this.#open('agent', startUs, false);
  }

  /** The framework says that a reply is over. */
  replyEnded(): void {
    this.#scheduleClose();
  }

  /** The caller hears the agent from `at` on. `estimated`: from the audio that came, where no transport shows it. */
  playbackStarted(at?: Instant, source: PlaybackSource = 'observed'): void {
    if (this.#ended || this.#voice.outdoes(source)) return;
    const us = instantUs(at);
    if (!this.#rules.told && this.#voice.isStray(us, this.turn)) return;
    const what = this.#voice.started(this.#rules.told ? undefined : this.turn);
    if (!this.turn && this.#pending?.heard) this.#promote(us);
    this.#log.note(what, us);
    this.#turnFor('agent', us).startPlayback({ at: us / 1_000, source });
  }

  /** The agent is silenced in mid-reply, and may go on. */
  playbackPaused(at?: Instant): void {
    const us = instantUs(at);
    if (this.turn?.playing && this.#voice.paused(us)) this.#log.note('agent_stopped', us);
  }

  playbackResumed(at?: Instant): void {
    if (this.turn?.playing && this.#voice.resumed()) this.#log.note('agent_resumed', instantUs(at));
  }

  /** All that was queued has been played. */
  playbackEnded(at?: Instant, source: PlaybackSource = 'observed'): void {
    if (this.#voice.outdoes(source)) return;
    const us = instantUs(at);
    this.#voice.ended();
    const turn = this.turn;
    if (this.#ended || !turn?.playing) return;
    this.#log.note('agent_ended', us);
    turn.startPlayback().end({ at: us / 1_000 });
  }

  /** The agent was stopped before it had finished. */
  playbackCleared(at?: Instant, source: PlaybackSource = 'observed'): void {
    if (this.#voice.outdoes(source)) return;
    const turn = this.turn;
    const us = this.#voice.stopped(instantUs(at), turn?.playing === true && !this.#ended);
    if (us === undefined || !turn) return;
    this.#log.note('agent_stopped', us);
    turn.startPlayback().cancel({ at: us / 1_000 });
    if (this.#pending?.heard) this.#promote(us);
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
    if (this.#voice.stoppedUs !== undefined ? this.#pending?.heard : this.#talksOn()) this.#promote(us);
    this.#close(us);
    this.#ended = true;
    this.#pending?.leftTo(this.#host);
    this.#pending = undefined;
  }

  /** Called by the call when a stage of `turn` gave its first byte or ended, or its playback began. */
  turnChanged(turn: Turn, stage: Stage, result: StageResult | undefined): void {
    if (turn !== this.#turn || turn.ended) return;
    this.#rules.stageChanged(stage, result);
    if (turn.manual) return;
    if (stage.kind === 'tts' && !this.#rules.told) this.#synthesised(turn, stage, result);
    this.#scheduleClose();
  }

  /** Where no transport shows playback the caller hears synthesis as it comes, for as long as it lasts. */
  #synthesised(turn: Turn, stage: Stage, result: StageResult | undefined): void {
    const { firstByteUs } = stage;
    if (firstByteUs === undefined) return;
    const heard = { at: firstByteUs / 1_000, source: 'estimated' } as const;
    if (this.#voice.queuesBehind(turn)) turn.startPlayback(heard);
    else if (stage.cancelled && this.#voice.estimates) this.playbackCleared((stage.endUs ?? nowUs()) / 1_000);
    else if (this.#voice.estimate(turn, firstByteUs, stage.endUs, result)) {
      this.#log.note('agent_started', firstByteUs);
      turn.startPlayback(heard);
    }
  }

  #scheduleClose(): void {
    clearTimeout(this.#timer);
    const turn = this.turn;
    if (!turn?.answered || turn.manual) return;
    const quietMs = this.#rules.waitsMs(turn, this.#voice.stoppedUs);
    const playsMs = this.#voice.playsForMs(turn);
    if (quietMs === undefined || playsMs === undefined) return;
    this.#timer = setTimeout(() => this.#closeQuiet(), playsMs + quietMs);
    this.#timer.unref();
  }

  #closeQuiet(): void {
    const turn = this.turn;
    if (!turn) return;
    if (turn.playing) this.playbackEnded((this.#voice.estimatedEndUs ?? nowUs()) / 1_000);
    clearTimeout(this.#timer);
    if (this.#talksOn()) this.#promote(nowUs());
    else this.#close(turn.playbackEndedUs ?? nowUs());
  }

  /** The user spoke over the end of the reply and beyond it: that is the next turn and no backchannel. */
  #talksOn(): boolean {
    const pending = this.#pending;
    const agentEndedUs = this.turn?.playbackEndedUs;
    if (!pending?.heard || this.#audible) return false;
    return pending.endUs === undefined || agentEndedUs === undefined || pending.endUs > agentEndedUs;
  }

  get #audible(): boolean {
    return this.turn?.playing ?? false;
  }

  /** Whether what the user goes on to say is said in this turn, with words or without. */
  #isSaidIn(turn: Turn): boolean {
    return turn.initiator === 'user' && !turn.answered && !this.#committed;
  }

  /** Whether words, which began at `startUs`, are still part of what this turn answers. */
  #continues(turn: Turn, startUs: Micros): boolean {
    return turn.manual || (!turn.answered && (turn.initiator === 'user' || startUs <= turn.startUs));
  }

  #turnFor(initiator: 'user' | 'agent', us: Micros): Turn {
    return this.turn ?? this.#open(initiator, us, false);
  }

  #open(initiator: 'user' | 'agent', startUs: Micros, manual: boolean): Turn {
    this.#turn = this.#host.openTurn({ initiator, startUs, manual });
    return this.#turn;
  }

  #commit(us: Micros): void {
    this.#committed = true;
    this.turn?.committed(us / 1_000);
  }

  /** Pending speech becomes a turn, as is known at `atUs`; the turn before it ends where the agent fell silent. */
  #promote(atUs: Micros): void {
    const pending = this.#pending;
    if (!pending) return;
    this.#pending = undefined;
    const before = this.turn;
    if (!before || !this.#continues(before, pending.startUs)) {
      this.#voice.bargedInto();
      this.#log.note('user_committed', pending.committedUs ?? nowUs());
      const silentUs = before?.playing ? atUs : Math.max(pending.startUs, before?.startUs ?? 0);
      this.#close(this.#voice.stoppedUs ?? before?.playbackEndedUs ?? silentUs, pending.startInferred);
      this.#log.note('user_started', pending.startUs);
      if (pending.endUs !== undefined) this.#log.note('user_ended', pending.endUs);
    }
    pending.becomes(this.#turnFor('user', pending.startUs));
    if (pending.committedUs !== undefined) this.#committed = true;
  }

  /** @param startInferred When the speech that ends the turn began is not known. */
  #close(atUs: Micros, startInferred = false): void {
    clearTimeout(this.#timer);
    const turn = this.turn;
    this.#log.judge(turn, startInferred);
    this.#voice.turnClosed();
    this.#rules.turnClosed();
    this.#committed = false;
    turn?.end({ at: atUs / 1_000 });
  }
}

guardMethods(TurnTracker);
