import type { Context } from '@opentelemetry/api';
import type { Micros } from '../../../model/facts.ts';
import type { Initiator, StageKind } from '../../../model/vocabulary.ts';
import type { Instant } from '../clock.ts';
import type { Stage, StageFacts, StageResult } from '../stage.ts';
import type { Turn } from '../turn.ts';

/** What is known of a turn when it is opened. */
export interface TurnInit {
  initiator: Initiator;
  startUs: Micros;
  /** Opened by the application, which also ends it. */
  manual: boolean;
  /** It is opened for the time being: until it is confirmed it has no place among the turns of the call. */
  provisional: boolean;
  previous?: Turn | undefined;
}

/** What the turns of a call, and the tracker that decides about them, need of the call and tell it. */
export interface CallHost {
  readonly id: string;
  /** The call's context: its scope and its span. */
  readonly context: Context;
  openTurn(init: Omit<TurnInit, 'previous'>): Turn;
  /** How many turns the call has had so far. */
  readonly turnCount: number;
  /** Gives a turn its place in the call. */
  takeIndex(): number;
  /** Opens a stage that belongs to no turn, such as an utterance that led to none: its usage is the call's. */
  startStage(
    kind: 'stt' | 'llm' | 'tts' | 'tool',
    facts: StageFacts & { at?: Instant },
    byHand?: boolean,
  ): Stage;
  /** The application reports stages of this kind itself. */
  reportedByHand(kind: StageKind): void;
  /** Sentiment of the user's words, -1 to 1; undefined when unknown. */
  scoreSentiment(text: string): number | undefined;
  stageStarted(stage: Stage): void;
  /** A stage gave its first byte, or ended with `result`; a playback began. */
  stageChanged(turn: Turn, stage: Stage, result?: StageResult): void;
  turnEnded(turn: Turn): void;
}
