import type { CallFact, Micros, StageFact, TurnFact } from '../../model/facts.ts';
import type { Tags } from '../../model/tags.ts';
import type { CutOffBy, FactSource } from '../../model/vocabulary.ts';
import type { Interval } from './coverage.ts';
import type { BilledLeg } from './legs.ts';

/** Who did what in a turn. Undefined: nothing shows it. */
export interface Conduct {
  /** The caller heard the agent. */
  heard?: boolean;
  initiator?: 'user' | 'agent';
  /** The user cut the agent off. */
  interrupted?: boolean;
  cutOffBy?: CutOffBy;
}

/** A turn with its stages in order of start. */
export interface GroupedTurn extends Conduct {
  turnIndex: number;
  traceId: string;
  startUs: Micros;
  endUs: Micros;
  /** Absent when the turn span was lost: the process died before it ended. */
  fact?: TurnFact;
  /** Made of spans that do not name the turn: its figures come from several clocks. */
  joined?: boolean;
  /** Keys of the spans that it is made of, without those of its stages; absent where only these are known. */
  spans?: readonly string[];
  stages: readonly StageFact[];
  /** What was said, and how the user felt; absent where neither is known. */
  words?: Words;
}

/** What was said in a turn, as far as it was recorded, and how the user felt. */
export type Words = Pick<TurnFact, 'userText' | 'agentText' | 'sentimentScore'>;

/** A call with its turns in order of `turnIndex`. */
export interface GroupedCall {
  tenant: string;
  callId: string;
  startUs: Micros;
  endUs: Micros;
  /** Columns of its row that do not come from spans; absent where all do. */
  sources?: Readonly<Record<string, FactSource>>;
  /** Connections that the call came over; absent where nothing says it. */
  legCount?: number;
  /** What its carrier says that it billed; none where it has not said so. */
  billed?: readonly BilledLeg[];
  /** Absent while the call goes on, or when the call span was lost. Several call spans are one fact here. */
  fact?: CallFact;
  serviceName?: string;
  serviceVersion?: string;
  deploymentEnvironment?: string;
  cloudRegion?: string;
  tags?: Tags;
  turns: readonly GroupedTurn[];
  /** Something shows when the user speaks. */
  knowsSpeech: boolean;
  /** Every stretch of the user's voice; absent where the framework does not show it apart from the turns. */
  voice?: readonly Interval[];
  /** Every stage of the call, those outside any turn too. */
  stages: readonly StageFact[];
}
