import type { Context } from '@opentelemetry/api';
import type { StageKind } from '../../model/vocabulary.ts';
import { analyseCall, type CallAnalysis } from './analysis.ts';
import { guard } from './spans.ts';
import type { Stage, StageResult } from './stage.ts';
import { Turn } from './turn.ts';
import { TurnTracker } from './turn-tracker.ts';
import type { CallHost, TurnInit } from './turns/host.ts';

/** What a call does for its turns itself. */
type OwnCall = Pick<CallHost, 'id' | 'context' | 'startStage'>;

/**
 * The turns of a call, as they and their tracker need it. With methods: as an object of closures it would be a kilobyte
 * larger, and there are thousands of calls.
 */
export class CallTurns implements CallHost {
  readonly id: string;
  readonly context: Context;
  readonly tracker: TurnTracker;
  readonly #call: OwnCall;
  readonly #openStages = new Set<Stage>();
  readonly #byHand = new Set<StageKind>();
  #analysis: CallAnalysis | undefined;
  #last: Turn | undefined;
  #count = 0;

  constructor(call: OwnCall) {
    this.#call = call;
    this.id = call.id;
    this.context = call.context;
    this.tracker = new TurnTracker(this);
    analyseCall((analysis) => {
      this.#analysis = analysis;
    });
  }

  get turnCount(): number {
    return this.#count;
  }

  /** Follows what is said; undefined while its word lists are not there. */
  get analysis(): CallAnalysis | undefined {
    return this.#analysis;
  }

  /** Stages of turns that have not ended. */
  get openStages(): readonly Stage[] {
    return [...this.#openStages];
  }

  openTurn(init: Omit<TurnInit, 'previous'>): Turn {
    const turn = new Turn(this, { ...init, previous: this.#last });
    if (!turn.provisional) this.#last = turn;
    return turn;
  }

  takeIndex(): number {
    const index = this.#count;
    this.#count += 1;
    return index;
  }

  startStage(...[kind, facts]: Parameters<CallHost['startStage']>): Stage {
    return this.#call.startStage(kind, facts);
  }

  reportedByHand(kind: StageKind): void {
    this.#byHand.add(kind);
  }

  isReportedByHand(kind: StageKind): boolean {
    return this.#byHand.has(kind);
  }

  scoreSentiment(text: string): number | undefined {
    return guard('scoring sentiment', () => this.#analysis?.sentiment(text));
  }

  stageStarted(stage: Stage): void {
    this.#openStages.add(stage);
  }

  stageChanged(turn: Turn, stage: Stage, result?: StageResult): void {
    if (stage.ended) this.#openStages.delete(stage);
    guard('following a turn', () => this.tracker.turnChanged(turn, stage, result));
  }

  turnEnded(turn: Turn): void {
    this.#last = turn;
    guard('hearing a turn', () => {
      const { userText, agentText } = turn;
      if (userText) this.#analysis?.hear('user', userText);
      if (agentText) this.#analysis?.hear('agent', agentText);
    });
  }
}
