import { judgeInterruptions, type SpeechEvent } from '../../../exporter/quality/speech-events.ts';
import type { EouSource } from '../../../model/facts.ts';
import { ATTR } from '../../../model/semconv.ts';
import type { Call } from '../../call/call.ts';
import { nowMs } from '../../call/clock.ts';
import type { Stage, StageFacts } from '../../call/stage.ts';
import type { Turn } from '../../call/turn.ts';
import type { ReportedStage } from './metrics.ts';

/** What is asked of LiveKit's `SpeechHandle`: one reply of the agent, from its creation to the end of its playout. */
export interface SpeechHandle {
  readonly id: string;
  readonly interrupted: boolean;
  /** Queued to be spoken. A reply that was begun ahead and thrown away never is. */
  readonly scheduled: boolean;
}

/** What the user says, from the first sound of it until a turn or a reply takes it up. */
interface Speech {
  startMs: number;
  endMs?: number;
  source?: EouSource;
  /** Words were understood: it is not a cough. */
  heard: boolean;
  firstTextMs?: number;
  finalTextMs?: number;
  text?: string;
}

interface Reply {
  readonly handle: SpeechHandle;
  readonly createdMs: number;
  /** `gen_ai.agent.name` of the agent that speaks. */
  readonly agentName: string | undefined;
  turn?: Turn;
  /** What came before it was known which turn it answers, or whether it will be spoken at all. */
  held: ReportedStage[];
  done: boolean;
}

/** A reply that follows another one within this time belongs to the same turn. */
const QUIET_MS = 150;
/** What the agent says after so long a silence answers nothing: it asks whether somebody is there. */
const PATIENCE_MS = 10_000;
/** Three of LiveKit's instants are added up, each of which has lost less than one. */
const ROUNDING_MS = 3;
const MAX_REPLIES = 64;
const MAX_SPEECH_EVENTS = 256;

/**
 * The turns of a LiveKit session. LiveKit itself says which reply answers which utterance and when a reply is over, so
 * turns are opened and ended by that and not by the tracker's rules for who is silent for how long: a model request is
 * told of only when it is over, and until then the tracker would take the turn for finished.
 *
 * - Words that are understood while the agent is silent open a turn, and so does a commit.
 * - Until the agent is heard, everything the user says belongs to the same turn.
 * - A reply belongs to the turn of which LiveKit says so; else to the one that waits for an answer or is being answered;
 *   else it is a turn of the agent's own.
 * - A turn ends when its replies are over and no other follows at once, or when the next one begins.
 */
export class LiveKitTurns {
  readonly #call: Call;
  readonly #replies = new Map<string, Reply>();
  readonly #stt: () => StageFacts;
  #turn: Turn | undefined;
  #committed = false;
  /** Speech that is no turn (yet). */
  #pending: Speech | undefined;
  /** Speech that the open turn began with and of which the transcription is not recorded yet. */
  #utterance: Speech | undefined;
  /** When the user was last heard. */
  #heardMs = 0;
  #speech: SpeechEvent[] = [];
  #playback: { reply: Reply | undefined; stage: Stage; pausedMs?: number } | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param stt Who transcribes at present. */
  constructor(call: Call, stt: () => StageFacts) {
    this.#call = call;
    this.#stt = stt;
  }

  userStarted(startMs: number): void {
    this.#note('user_started', startMs);
    const turn = this.#open();
    if (turn?.initiator === 'user' && !turn.answered) {
      turn.userSpeechStarted({ at: startMs });
      this.#utterance ??= { startMs, heard: false };
    } else if (this.#pending?.heard) delete this.#pending.endMs;
    else this.#pending = { startMs, heard: false };
  }

  userEnded(endMs: number, source: EouSource): void {
    this.#note('user_ended', endMs);
    this.#heardMs = endMs;
    const pending = this.#pending;
    if (pending) Object.assign(pending, { endMs: Math.max(pending.startMs, endMs), source });
    // A cough while the answer is on its way is not what is answered.
    else if (!this.#open()?.answered && (!this.#committed || this.#utterance?.heard))
      this.#turn?.userSpeechEnded({ at: endMs, source });
  }

  /** A transcript came; a final one adds to what was said. Its own instant is the message's. */
  wordsHeard(text: string, final: boolean, atMs: number): void {
    const speech = this.#pending ?? this.#utterance;
    if (!speech || text === '') return;
    speech.heard = true;
    speech.firstTextMs ??= atMs;
    if (final) {
      speech.finalTextMs = atMs;
      speech.text = speech.text === undefined ? text : `${speech.text} ${text}`;
    }
    if (speech === this.#pending && !this.#playback) this.#openUserTurn();
  }

  /** The user's turn is over and `replyId` answers it. */
  committed(
    replyId: string,
    eou: { endMs: number | undefined; committedMs: number },
    source: EouSource,
  ): void {
    if (this.#pending) this.#openUserTurn(eou.committedMs);
    const turn = this.#open();
    if (turn?.initiator !== 'user' || (turn.answered && this.#committed))
      this.#start('user', eou.endMs ?? eou.committedMs);
    this.#committed = true;
    this.#note('user_committed', eou.committedMs);
    if (eou.endMs !== undefined) this.#turn?.userSpeechEnded({ at: eou.endMs, source });
    this.#turn?.committed(eou.committedMs);
    this.#recordUtterance();
    const reply = this.#replies.get(replyId);
    if (reply) this.#assign(reply, this.#turn);
  }

  replyCreated(handle: SpeechHandle, agentName: string | undefined, createdMs: number): void {
    if (this.#replies.size >= MAX_REPLIES) {
      for (const [id, { done }] of this.#replies) {
        if (!done) continue;
        this.#replies.delete(id);
        break;
      }
    }
    clearTimeout(this.#timer);
    this.#replies.set(handle.id, { handle, createdMs, agentName, held: [], done: false });
  }

  /**
   * Gives a scheduled reply its turn, unless LiveKit has said which. One that was begun ahead of the end of the user's
   * turn is not scheduled, and waits for that.
   *
   * @param speechAnswered The model hears the user itself: its replies answer speech of which no words are known.
   */
  replyScheduled(id: string, speechAnswered: boolean): void {
    const reply = this.#replies.get(id);
    if (!reply || reply.turn || !reply.handle.scheduled) return;
    if (this.#pending && (this.#pending.heard || speechAnswered) && !this.#playback) this.#openUserTurn();
    const turn = this.#open();
    this.#assign(reply, turn && this.#goesOn(turn) ? turn : this.#start('agent', reply.createdMs));
  }

  replyDone(id: string): void {
    const reply = this.#replies.get(id);
    if (!reply || reply.done) return;
    reply.done = true;
    if (!reply.turn) this.#assign(reply, this.#open());
    for (const stage of reply.held.splice(0)) this.#record(reply, stage);
    this.#endSoon();
  }

  /** A request is over. Without a reply its usage is the call's. */
  stage(replyId: string | undefined, stage: ReportedStage): void {
    const reply = replyId === undefined ? undefined : this.#replies.get(replyId);
    if (!reply) record(this.#call, stage);
    else if (!reply.turn && !reply.done) reply.held.push(stage);
    else this.#record(reply, stage);
  }

  /** A request failed for good. When it was made is not told: not before its reply was. */
  failed(
    replyId: string | undefined,
    kind: ReportedStage['kind'],
    facts: StageFacts,
    atMs: number,
    error: unknown,
  ): void {
    const reply = replyId === undefined ? undefined : this.#replies.get(replyId);
    const owner = reply?.turn ?? (kind === 'stt' ? undefined : this.#open()) ?? this.#call;
    owner.startStage(kind, { ...facts, at: reply?.createdMs ?? atMs }).fail(error, { at: atMs });
  }

  /** The reply to which a speech-to-speech answer belongs that was begun at `atMs`. */
  replyAt(atMs: number, toleranceMs = 50): string | undefined {
    const begun = [...this.#replies.values()].filter(({ createdMs }) => createdMs <= atMs + toleranceMs);
    return begun.at(-1)?.handle.id;
  }

  /** Where a tool of this reply is recorded; the call, when there is no turn. */
  ownerOf(replyId: string | undefined): Pick<Call, 'startStage'> {
    return (
      (replyId === undefined ? undefined : this.#replies.get(replyId)?.turn) ?? this.#open() ?? this.#call
    );
  }

  /** The caller hears the agent from `atMs` on. */
  playbackStarted(replyId: string | undefined, atMs: number): void {
    const reply = this.#speaking(replyId);
    if (this.#playback) this.playbackFinished(false, atMs);
    if (reply && !reply.turn) this.replyScheduled(reply.handle.id, true);
    // A reply that goes on after the user was asked something in between answers what was said last.
    const turn = reply?.turn?.ended === false ? reply.turn : (this.#open() ?? this.#start('agent', atMs));
    if (reply) reply.turn = turn;
    this.#recordUtterance();
    this.#note('agent_started', atMs);
    this.#playback = { reply, stage: turn.startPlayback({ at: atMs }) };
  }

  /** It is silenced in mid-reply, and may go on. */
  playbackPaused(atMs: number): void {
    if (!this.#playback || this.#playback.pausedMs !== undefined) return;
    this.#playback.pausedMs = atMs;
    this.#note('agent_stopped', atMs);
  }

  playbackResumed(atMs: number): void {
    if (this.#playback?.pausedMs === undefined) return;
    delete this.#playback.pausedMs;
    this.#note('agent_resumed', atMs);
  }

  playbackFinished(interrupted: boolean, atMs: number): void {
    if (!this.#playback) return;
    const { stage, pausedMs } = this.#playback;
    this.#playback = undefined;
    const endMs = (interrupted ? pausedMs : undefined) ?? atMs;
    this.#note(interrupted ? 'agent_stopped' : 'agent_ended', endMs);
    if (interrupted) stage.cancel({ at: endMs });
    else stage.end({ at: endMs });
    this.#endSoon();
  }

  /** What LiveKit wrote into the history of the conversation. */
  said(role: 'user' | 'agent', text: string, replyId?: string): void {
    if (role === 'agent') (this.#speaking(replyId)?.turn ?? this.#turn)?.addAgentText(text);
    // What was transcribed is the turn's with its utterance.
    else if (this.#open() && !this.#turn?.userText && !this.#utterance?.text) this.#turn?.addUserText(text);
  }

  /** Playback that no audio output told of: there is none, the agent writes. */
  written(replyId: string | undefined, startMs: number, endMs: number): void {
    if (this.#speaking(replyId)?.turn?.answered) return;
    this.playbackStarted(replyId, startMs);
    this.playbackFinished(false, Math.max(startMs, endMs));
  }

  /** The session is over. */
  end(atMs: number): void {
    for (const [id, { done }] of this.#replies) if (!done) this.replyDone(id);
    if (this.#playback) this.playbackFinished(true, atMs);
    // What was understood and not answered is a turn; the call ended on it.
    if (this.#pending?.heard) this.#openUserTurn();
    this.#close(atMs);
  }

  /** The turn that is going on. One that a request of the application's own opened is taken over. */
  #open(): Turn | undefined {
    if (this.#turn?.ended !== false) this.#turn = undefined;
    const other = this.#call.turn;
    if (!this.#turn && other && !other.manual && !other.answered) this.#turn = other;
    return this.#turn;
  }

  /** Whether a new reply still belongs to a turn: another reply of it is not over, or just now, or it waits for one. */
  #goesOn(turn: Turn): boolean {
    if (this.#playback) return true;
    for (const reply of this.#replies.values()) if (reply.turn === turn && !reply.done) return true;
    if (!turn.answered) return turn.initiator === 'agent' || nowMs() - this.#heardMs < PATIENCE_MS;
    return nowMs() - (turn.playbackEndedUs ?? 0) / 1_000 < QUIET_MS;
  }

  #start(initiator: 'user' | 'agent', startMs: number): Turn {
    this.#close(Math.max(startMs, (this.#turn?.playbackEndedUs ?? 0) / 1_000));
    this.#turn = this.#call.startTurn({ initiator, at: startMs });
    return this.#turn;
  }

  /** Pending speech becomes a turn, or goes on with one that nobody has answered. */
  #openUserTurn(committedMs = nowMs()): void {
    const pending = this.#pending;
    if (!pending) return;
    this.#pending = undefined;
    const { startMs, endMs, source = 'vad' } = pending;
    const before = this.#open();
    if (before?.initiator !== 'user' || before.answered) {
      this.#note('user_committed', committedMs);
      this.#start('user', startMs);
      this.#note('user_started', startMs);
      if (endMs !== undefined) this.#note('user_ended', endMs);
    }
    this.#turn?.userSpeechStarted({ at: startMs });
    if (endMs !== undefined) this.#turn?.userSpeechEnded({ at: endMs, source });
    this.#recordUtterance();
    this.#utterance = pending;
  }

  /** The transcription of what the turn answers. What it used is told for the call. */
  #recordUtterance(): void {
    const speech = this.#utterance;
    this.#utterance = undefined;
    if (!speech?.heard) return;
    const stage = this.#turn?.startStt({ ...this.#stt(), at: speech.startMs });
    if (speech.firstTextMs !== undefined) stage?.firstByte(speech.firstTextMs);
    const result = { ...(speech.text !== undefined && { text: speech.text }) };
    if (speech.finalTextMs === undefined) stage?.cancel(result);
    else stage?.end({ ...result, at: speech.finalTextMs });
  }

  #assign(reply: Reply, turn: Turn | undefined): void {
    if (turn) reply.turn = turn;
    for (const stage of reply.held.splice(0)) this.#record(reply, stage);
  }

  #record(reply: Reply, stage: ReportedStage): void {
    const { handle } = reply;
    const current = this.#open();
    if (reply.turn?.ended && !handle.interrupted && current && stage.startMs * 1_000 >= current.startUs)
      reply.turn = current;
    const thrownAway = reply.done && !handle.scheduled;
    const heard = beforePlayback(stage, reply.turn);
    record(reply.turn ?? this.#call, { ...heard, cancelled: heard.cancelled || thrownAway }, reply.agentName);
  }

  /** The reply that is being spoken: the one that LiveKit names, else the first that waits to be. */
  #speaking(replyId: string | undefined): Reply | undefined {
    const named = replyId === undefined ? undefined : this.#replies.get(replyId);
    return named ?? [...this.#replies.values()].find(({ done, handle }) => !done && handle.scheduled);
  }

  #endSoon(): void {
    clearTimeout(this.#timer);
    const turn = this.#open();
    if (!turn?.answered || this.#playback) return;
    for (const reply of this.#replies.values()) if (reply.turn === turn && !reply.done) return;
    this.#timer = setTimeout(() => this.#close((turn.playbackEndedUs ?? 0) / 1_000), QUIET_MS);
    this.#timer.unref();
  }

  #close(atMs: number): void {
    clearTimeout(this.#timer);
    const turn = this.#open();
    this.#recordUtterance();
    const speech = this.#speech;
    this.#speech = [];
    this.#committed = false;
    this.#turn = undefined;
    if (!turn) return;
    for (const interruption of judgeInterruptions(speech)) turn.interruption(interruption);
    turn.end({ at: atMs });
  }

  #note(what: SpeechEvent['what'], atMs: number): void {
    if (this.#speech.length < MAX_SPEECH_EVENTS) this.#speech.push({ what, atUs: Math.round(atMs * 1_000) });
  }
}

/**
 * What was heard had been synthesised: LiveKit's whole milliseconds can put the first audio a little after the instant at
 * which it was played.
 */
function beforePlayback(stage: ReportedStage, turn: Turn | undefined): ReportedStage {
  const lateMs = (stage.firstByteMs ?? 0) - (turn?.playbackStartedUs ?? 0) / 1_000;
  if (stage.kind !== 'tts' || !turn?.answered || lateMs <= 0 || lateMs > ROUNDING_MS) return stage;
  const { startMs, firstByteMs = startMs, endMs } = stage;
  return { ...stage, startMs: startMs - lateMs, firstByteMs: firstByteMs - lateMs, endMs: endMs - lateMs };
}

function record(
  owner: Pick<Call, 'startStage'>,
  { kind, facts, startMs, firstByteMs, endMs, cancelled, gaveNothing, usage, responseId }: ReportedStage,
  agentName?: string,
): void {
  const stage = owner.startStage(kind, { ...facts, at: startMs });
  if (agentName !== undefined && kind === 'llm') stage.setAttribute(ATTR.agentName, agentName);
  if (firstByteMs !== undefined) stage.firstByte(firstByteMs);
  const result = { at: endMs, ...(usage && { usage }), ...(responseId !== undefined && { responseId }) };
  if (cancelled) stage.cancel(result);
  else if (gaveNothing) stage.fail('_OTHER', result);
  else stage.end(result);
}
