import type { Micros } from '../../model/facts.ts';
import type { CutOffBy, EouSource, Initiator } from '../../model/vocabulary.ts';
import { type Instant, instantUs, nowUs } from './clock.ts';
import { guard, guardMethods } from './spans.ts';
import type { Stage, StageFacts, StageResult } from './stage.ts';
import type { Turn } from './turn.ts';
import { AgentVoice, type PlaybackSource } from './turns/agent-voice.ts';
import { CurrentTurn } from './turns/current-turn.ts';
import type { CallHost } from './turns/host.ts';
import { Quiet } from './turns/quiet.ts';
import { type ReplyRules, SilenceRules } from './turns/reply-rules.ts';
import { UserSpeech } from './turns/user-speech.ts';
import { recordUtterance, type Utterance } from './turns/utterance.ts';

/**
 * Decides what belongs to which turn: when a turn opens, is committed, interrupted and closed. SDK files only tell it
 * what happened; what they tell may come late and out of order, so every decision goes by the instants told.
 *
 * - Speech becomes a turn when words are understood and the agent is silent, or is silenced by it.
 * - Until the agent is heard, everything the user says belongs to the same turn.
 * - A sound after the user's words were accepted is not what is answered, unless words are understood in it.
 * - What the user says after words that were accepted, and before the answer, is an utterance of its own.
 * - Words spoken over an agent that goes on are not a turn (a backchannel), unless the agent answers them.
 * - What a framework takes for the end of the user's turn is one, whatever was understood.
 * - A request that nothing led to is a turn once its answer is spoken, and else background work of the call.
 * - A turn closes when its reply is over: by the rules for silence, or by the framework's word.
 * - Where nothing listens to the user, a turn is what is heard of the agent at a stretch.
 */
export class TurnTracker {
  /** The transport shows the user's audio as it is spoken: what is sent on in one burst was held back. */
  liveAudio = false;
  readonly #host: CallHost;
  readonly #current: CurrentTurn;
  readonly #voice: AgentVoice;
  readonly #quiet: Quiet;
  #ending: Set<(atUs: Micros) => void> | undefined;
  #rules: ReplyRules = new SilenceRules();
  /** Speech that is not a turn yet: nothing was understood, or the agent is still speaking. */
  #pending: UserSpeech | undefined;
  #ended = false;

  constructor(host: CallHost) {
    this.#host = host;
    this.#current = new CurrentTurn(host);
    this.#voice = new AgentVoice(this.#current);
    this.#quiet = new Quiet(this.#current, this.#voice, () => guard('ending a turn', () => this.#over()));
  }

  /** The turn that is going on. */
  get turn(): Turn | undefined {
    return this.#current.open;
  }

  /** When the user was last heard. */
  get userEndedUs(): Micros {
    return this.#current.userEndedUs;
  }

  /** A framework says what is answered, and when a reply is over. */
  follow(rules: ReplyRules): void {
    this.#rules = rules;
    this.#current.speechIsKnown();
    this.observePlayback();
  }

  /** The transport shows what is played: nothing has to be estimated, and estimates that are told do not count. */
  observePlayback(): void {
    this.#voice.observed();
  }

  /** The user is being transcribed. `ending`: told before the call ends, of what is still being said. */
  listens(ending?: (atUs: Micros) => void): void {
    this.#current.speechIsKnown();
    if (!ending || this.#ended) return;
    this.#ending ??= new Set();
    this.#ending.add(ending);
  }

  /**
   * The user began to speak at `at`; or some time before, where that is `inferred` from words that came then. How long
   * the agent took to fall silent is unknown in that case.
   */
  speechStarted(at: Instant, start: 'known' | 'inferred' = 'known'): void {
    if (this.#ended) return;
    const us = instantUs(at);
    this.#voice.settle(us);
    this.#current.note('user_started', us);
    const pending = this.#pending;
    if (pending?.heard) pending.resumed(us, start === 'inferred');
    else if (this.#current.listens) this.turn?.userSpeechStarted({ at: us / 1_000 });
    else if (!pending || pending.endUs !== undefined || us < pending.startUs)
      this.#pending = new UserSpeech(us, start === 'inferred');
  }

  /** The user fell silent at `at`, which may be long before this is known. */
  speechEnded(at: Instant, source: EouSource): void {
    if (this.#ended) return;
    const us = instantUs(at);
    this.#current.note('user_ended', us);
    if (!this.#pending?.ended(us, source)) this.turn?.userSpeechEnded({ at: us / 1_000, source });
  }

  /** Words of the user were understood, for the first time or again. `startAt`: when they were begun. */
  wordsHeard(startAt: Instant): void {
    if (this.#ended) return;
    this.#voice.settle(instantUs(startAt));
    // In a turn that waits for its answer this only says that the user has begun; elsewhere it is pending speech.
    if (!this.#pending) this.speechStarted(startAt);
    if (!this.#pending) return;
    this.#pending.wordsHeard();
    if (!this.#voice.audible) this.#promote(nowUs());
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
    else this.#current.commit(us);
  }

  /** The framework took the user's turn for finished at `at`, and answers it. `end`: when the user had fallen silent. */
  accepted(at: Instant, end: { at: Instant; source: EouSource } | undefined): void {
    if (this.#ended) return;
    const us = instantUs(at);
    if (this.#pending) this.#promote(us);
    if (!this.#current.accepts) {
      const startUs = end ? instantUs(end.at) : us;
      this.#close(Math.max(startUs, this.turn?.playbackEndedUs ?? 0));
      this.#current.start('user', startUs);
    }
    if (end) this.turn?.userSpeechEnded(end);
    this.#current.commit(us);
  }

  /** A model request, a tool or synthesis starts. It belongs to the turn that it answers. */
  startStage(kind: 'llm' | 'tts' | 'tool', facts: StageFacts, at?: Instant): Stage {
    const us = instantUs(at);
    const start = { ...facts, at: us / 1_000 };
    if (this.#ended) return this.#host.startStage(kind, start);
    this.#voice.settle(us);
    const turn = this.turn;
    if (this.#pending?.heard && this.#rules.answersWords(kind, facts, turn !== undefined)) this.#promote(us);
    else if (turn?.answered && !turn.manual && !this.#voice.audible && this.#rules.beginsAnew(kind, facts))
      this.#close(turn.playbackEndedUs ?? us);
    this.#rules.requestStarted(kind);
    if (kind === 'tts') this.#voice.synthesisSeen();
    const opened = kind === 'tts' ? this.#current.spokenIn(us) : this.#current.askedIn(us, this.#voice.seen);
    const stage = opened.startStage(kind, start, false);
    this.#quiet.await(this.#rules);
    return stage;
  }

  /** The turn that a framework's reply may belong to. `speechAnswered`: also speech of which no words are known. */
  turnForReply(speechAnswered: boolean): Turn | undefined {
    if (this.#pending && (this.#pending.heard || speechAnswered) && !this.#voice.audible)
      this.#promote(nowUs());
    return this.#current.repliedIn();
  }

  /** The agent says something of its own accord. */
  startAgentTurn(startUs: Micros): Turn {
    this.#close(Math.max(startUs, this.turn?.playbackEndedUs ?? 0));
    return this.#current.start('agent', startUs);
  }

  /** The framework says that a reply is over. */
  replyEnded(): void {
    this.#quiet.await(this.#rules);
  }

  /** The caller hears the agent from `at` on. `estimated`: from the audio that came, where no transport shows it. */
  playbackStarted(at?: Instant, source: PlaybackSource = 'observed'): void {
    if (this.#ended || this.#voice.outdoes(source)) return;
    const us = instantUs(at);
    const { told } = this.#rules;
    if (!told && this.#voice.isStray(us)) return;
    const resuming = told ? undefined : this.turn;
    if (!this.turn && this.#pending?.heard) this.#promote(us);
    this.#voice.started(us, source, resuming);
  }

  /** The agent is silenced in mid-reply, and may go on. */
  playbackPaused(at?: Instant): void {
    this.#voice.paused(instantUs(at));
  }

  playbackResumed(at?: Instant): void {
    this.#voice.resumed(instantUs(at));
  }

  /** All that was queued has been played. */
  playbackEnded(at?: Instant, source: PlaybackSource = 'observed'): void {
    if (!this.#voice.outdoes(source)) this.#voice.ended(instantUs(at));
  }

  /** The agent was stopped before it had finished. */
  playbackCleared(at?: Instant, source: PlaybackSource = 'observed'): void {
    if (this.#voice.outdoes(source)) return;
    const us = instantUs(at);
    if (!this.#voice.stopped(us)) return;
    if (this.#pending?.heard) this.#promote(us);
    else if (!this.#current.speechKnown && !this.turn?.manual) {
      this.#voice.bargedInto();
      this.#close(us);
    }
  }

  /** The agent was stopped by nothing that the user said: by the program, or with the far end, which is gone. */
  playbackCutOff(by: CutOffBy, at?: Instant, source: PlaybackSource = 'observed'): void {
    if (!this.#voice.outdoes(source)) this.#voice.cutOff(by, instantUs(at));
  }

  /** A turn of the application's own: it ends when the application says so. */
  startManualTurn(initiator: Initiator, at?: Instant): Turn {
    const us = instantUs(at);
    this.#close(us);
    return this.#current.start(initiator, us, { manual: true });
  }

  /** The call is over. */
  end(at: Instant): void {
    if (this.#ended) return;
    const us = instantUs(at);
    for (const ending of this.#ending ?? []) guard('ending a call', () => ending(us));
    this.#voice.settle(us);
    if (this.#voice.audible) this.#voice.cutOff('hangup', us);
    if (this.#voice.wasCutOff) this.turn?.cutOff('hangup');
    if (this.#voice.stoppedUs !== undefined ? this.#pending?.heard : this.#talksOn()) this.#promote(us);
    this.#close(us);
    this.#ended = true;
    this.#pending?.leftTo(this.#host);
    this.#pending = undefined;
  }

  /** Called by the call when a stage of `turn` gave its first byte or ended, or its playback began. */
  turnChanged(turn: Turn, stage: Stage, result: StageResult | undefined): void {
    if (turn !== this.turn) return;
    this.#rules.stageChanged(stage, result);
    this.#current.stageChanged(stage, result);
    if (turn.manual) return;
    if (stage.kind === 'tts' && !this.#rules.told) this.#voice.synthesised(turn, stage, result);
    if (this.#voice.fallsSilentWith(stage)) this.playbackCleared((stage.endUs ?? nowUs()) / 1_000);
    this.#quiet.await(this.#rules);
  }

  /** The reply is over. */
  #over(): void {
    if (this.#talksOn()) this.#promote(nowUs());
    else this.#close(this.turn?.playbackEndedUs ?? nowUs());
  }

  /** The user spoke over the end of the reply and beyond it: that is the next turn and no backchannel. */
  #talksOn(): boolean {
    const pending = this.#pending;
    const agentEndedUs = this.turn?.playbackEndedUs;
    if (!pending?.heard || this.#voice.audible) return false;
    return pending.endUs === undefined || agentEndedUs === undefined || pending.endUs > agentEndedUs;
  }

  /** Pending speech becomes a turn, as is known at `atUs`; the turn before it ends where the agent fell silent. */
  #promote(atUs: Micros): void {
    const pending = this.#pending;
    if (!pending) return;
    this.#pending = undefined;
    const before = this.turn;
    if (this.#current.continuesWith(pending.startUs, this.#voice.seen))
      this.#current.spokenAgain(pending.startUs);
    else {
      this.#voice.bargedInto();
      this.#current.note('user_committed', pending.committedUs ?? nowUs());
      const silentUs = before?.playing ? atUs : Math.max(pending.startUs, before?.startUs ?? 0);
      this.#close(this.#voice.stoppedUs ?? before?.playbackEndedUs ?? silentUs, pending.startInferred);
      this.#current.start('user', pending.startUs);
      this.#current.note('user_started', pending.startUs);
      if (pending.endUs !== undefined) this.#current.note('user_ended', pending.endUs);
    }
    if (this.turn) pending.becomes(this.turn);
    if (pending.committedUs !== undefined) this.#current.commit(pending.committedUs);
  }

  /** @param startInferred When the speech that ends the turn began is not known. */
  #close(atUs: Micros, startInferred = false): void {
    this.#quiet.stop();
    this.#current.close(atUs, startInferred);
    this.#voice.turnClosed();
    this.#rules.turnClosed();
  }
}

guardMethods(TurnTracker);
