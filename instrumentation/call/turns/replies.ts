import type { Micros } from '../../../model/facts.ts';
import { nowUs } from '../clock.ts';
import type { Turn } from '../turn.ts';
import type { TurnTracker } from '../turn-tracker.ts';
import type { CallHost } from './host.ts';
import { QUIET_MS, type ReplyRules } from './reply-rules.ts';

/** What is asked of a framework's handle on one reply of the agent. */
export interface ReplyHandle {
  readonly id: string;
  readonly interrupted: boolean;
  /** Queued to be spoken. A reply that was begun ahead and thrown away never is. */
  readonly scheduled: boolean;
}

/** A request of a reply, of which the framework tells when it is over. */
export interface ReplyStage {
  readonly startUs: Micros;
  /** Writes it to the turn of the reply; to the call, where there is none. */
  write(turn: Turn | undefined, reply: Reply | undefined): void;
}

/** One reply of the agent, from its creation to the end of its playout. */
export interface Reply {
  readonly handle: ReplyHandle;
  readonly createdUs: Micros;
  /** `gen_ai.agent.name` of the agent that speaks. */
  readonly agentName: string | undefined;
  turn?: Turn | undefined;
  /** What came before it was known which turn it answers, or whether it will be spoken at all. */
  held: ReplyStage[];
  done: boolean;
}

/** What the agent says after so long a silence answers nothing: it asks whether the caller is still there. */
const PATIENCE_US = 10_000_000;
const MAX_REPLIES = 64;

/**
 * Where a framework says which reply answers which utterance, and when a reply is over. Its requests are reported only
 * when they are over: silence between them would say nothing.
 *
 * - A reply belongs to the turn of which the framework says so; else to the one that waits for an answer or is being
 *   answered; else it is a turn of the agent's own.
 * - A turn ends when its replies are over and no other follows at once, or when the next one begins.
 */
export class Replies implements ReplyRules {
  readonly told = true;
  readonly #call: Pick<CallHost, 'startStage'> & { readonly tracker: TurnTracker };
  readonly #replies = new Map<string, Reply>();

  constructor(call: Pick<CallHost, 'startStage'> & { readonly tracker: TurnTracker }) {
    this.#call = call;
  }

  created(handle: ReplyHandle, agentName: string | undefined, createdUs: Micros): void {
    if (this.#replies.size >= MAX_REPLIES) {
      for (const [id, { done }] of this.#replies) {
        if (!done) continue;
        this.#replies.delete(id);
        break;
      }
    }
    this.#replies.set(handle.id, { handle, createdUs, agentName, held: [], done: false });
  }

  /**
   * Gives a scheduled reply its turn, unless the framework has said which. One that was begun ahead of the end of the
   * user's turn is not scheduled, and waits for that.
   *
   * @param speechAnswered The model hears the user itself: its replies answer speech of which no words are known.
   */
  scheduled(id: string, speechAnswered: boolean): void {
    const reply = this.#replies.get(id);
    if (!reply || reply.turn || !reply.handle.scheduled) return;
    const { tracker } = this.#call;
    const turn = tracker.turnForReply(speechAnswered);
    this.#place(reply, turn && this.#goesOn(turn) ? turn : tracker.startAgentTurn(reply.createdUs));
  }

  /** The framework says that this reply answers the turn that goes on. */
  answersTurn(id: string): void {
    const reply = this.#replies.get(id);
    if (reply) this.#place(reply, this.#call.tracker.turn);
  }

  done(id: string): void {
    const reply = this.#replies.get(id);
    if (!reply || reply.done) return;
    reply.done = true;
    this.#place(reply, reply.turn ?? this.#call.tracker.turn);
    this.#call.tracker.replyEnded();
  }

  /** The call is over, and with it every reply. */
  allDone(): void {
    for (const id of this.#replies.keys()) this.done(id);
  }

  /** A request is over. Without a reply its usage is the call's. */
  stage(id: string | undefined, stage: ReplyStage): void {
    const reply = this.#get(id);
    if (!reply) stage.write(undefined, undefined);
    else if (!reply.turn && !reply.done) reply.held.push(stage);
    else this.#write(reply, stage);
  }

  /** The caller hears this reply from now on. One that goes on after the user was asked something answers the latest. */
  heard(reply: Reply | undefined): void {
    if (reply) reply.turn = this.#call.tracker.turn;
  }

  /** The reply that is being spoken: the one that is named, else the first that waits to be. */
  speaking(id: string | undefined): Reply | undefined {
    const waiting = () => [...this.#replies.values()].find(({ done, handle }) => !done && handle.scheduled);
    return this.#get(id) ?? waiting();
  }

  /** The last reply that had been created by then. */
  at(us: Micros): Reply | undefined {
    return [...this.#replies.values()].filter(({ createdUs }) => createdUs <= us).at(-1);
  }

  /** Where a stage of this reply that is seen as it happens is recorded; the call, when there is no turn. */
  ownerOf(id: string | undefined): Pick<CallHost, 'startStage'> {
    return this.#get(id)?.turn ?? this.#call.tracker.turn ?? this.#call;
  }

  /** When a reply was created; undefined when it is not known. */
  createdUs(id: string | undefined): Micros | undefined {
    return this.#get(id)?.createdUs;
  }

  /** The framework says which reply answers: a request that the application makes itself answers nothing. */
  answersWords(): boolean {
    return false;
  }

  beginsAnew(): boolean {
    return false;
  }

  requestStarted(): void {}

  stageChanged(): void {}

  waitsMs(turn: Turn): number | undefined {
    for (const reply of this.#replies.values())
      if (!reply.done && (reply.turn === undefined || reply.turn === turn)) return undefined;
    return QUIET_MS;
  }

  turnClosed(): void {}

  #get(id: string | undefined): Reply | undefined {
    return id === undefined ? undefined : this.#replies.get(id);
  }

  /** Whether a new reply still belongs to a turn: another reply of it is not over, or just now, or it waits for one. */
  #goesOn(turn: Turn): boolean {
    if (turn.playing) return true;
    for (const reply of this.#replies.values()) if (reply.turn === turn && !reply.done) return true;
    const now = nowUs();
    if (!turn.answered)
      return turn.initiator === 'agent' || now - this.#call.tracker.userEndedUs < PATIENCE_US;
    return now - (turn.playbackEndedUs ?? 0) < QUIET_MS * 1_000;
  }

  #place(reply: Reply, turn: Turn | undefined): void {
    if (turn) reply.turn = turn;
    for (const stage of reply.held.splice(0)) this.#write(reply, stage);
  }

  #write(reply: Reply, stage: ReplyStage): void {
    const current = this.#call.tracker.turn;
    if (reply.turn?.ended && !reply.handle.interrupted && current && stage.startUs >= current.startUs)
      reply.turn = current;
    stage.write(reply.turn, reply);
  }
}
