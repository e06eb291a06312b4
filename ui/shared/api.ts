/**
 * The shapes of the JSON API, for the server and for the client. Rows stand under the column names of the tables
 * (docs/columns.md): money is text in USD with all its places, instants are ISO 8601, null is unknown. Instants within a
 * call are seconds from its start.
 */
import type { Decimal } from 'decimal.js';
import type { Reason } from '../../exporter/acoustics/reasons.ts';
import type { Check } from '../../exporter/checks/check.ts';
import type { Verdict } from '../../exporter/checks/judge.ts';
import type { FigureDifference } from '../../exporter/comparison/compare.ts';
import type { EndpointingGroup } from '../../exporter/decisions/endpointing-groups.ts';
import type { Prediction } from '../../exporter/decisions/silence.ts';
import type { WhatIf } from '../../exporter/decisions/whatif.ts';
import type { IncidentJson } from '../../exporter/incidents/json.ts';
import type {
  CallSort,
  CallTotals,
  Choices,
  Counted,
  LatencyView,
  ModelLatency,
  OverTarget,
  QualityView,
  SilenceFigures,
  SpeechTotals,
  SpendingPart,
  SpendingView,
} from '../../exporter/store/views/index.ts';
import type { Usage } from '../../model/facts.ts';
import type { CallLogJson, CallMetricsJson, CallScoreJson } from '../../model/row-json.ts';
import type { Segment } from '../../model/vocabulary.ts';
import type { CallName } from './query.ts';
import type { Bar, Span } from './waterfall.ts';

export type {
  Bar,
  CallSort,
  Choices,
  Counted,
  LatencyView,
  ModelLatency,
  OverTarget,
  QualityView,
  SilenceFigures,
  Span,
  SpeechTotals,
  SpendingPart,
  SpendingView,
};

/** A row of `call_metrics`. Of a call that goes on, what its spans come to so far. */
export type CallRow = Omit<CallMetricsJson, 'finalized_at' | 'finalized_by'> &
  Partial<Pick<CallMetricsJson, 'finalized_at' | 'finalized_by'>>;
export type TurnRow = CallLogJson;

/** A call in a list, with its first 40 turns in short. */
export interface ListedCall {
  call: CallRow;
  /** It has no row yet. */
  live: boolean;
  turns: ListedTurn[];
  /** By name. Absent: none were given. */
  scores?: Pick<ScoreRow, 'name' | 'value' | 'label'>[];
}

export interface ListedTurn {
  turn_index: number;
  initiator: string | null;
  /** Seconds; null: no one waited, or it is not known. */
  eou_latency: number | null;
  /** Seconds of each segment, in the order of `SEGMENTS`. */
  segments: (number | null)[];
  interruption_kind: string | null;
  error_type: string | null;
}

/** `GET /api/calls` */
export interface CallsAnswer {
  calls: ListedCall[];
  /** For `after`; absent on the last page. Pages of a search by `id` can have few calls, or none, before the last one. */
  next?: string;
}

/** `GET /api/totals` */
export interface TotalsAnswer {
  totals: CallTotals;
  silence: SilenceFigures;
  target_seconds: number;
}

/** One line of a call's bill. */
export interface BillLine {
  component: string;
  provider?: string;
  model?: string;
  count: number;
  usage: Usage & { callSeconds?: number };
  cost?: string;
  /** The price that was used, and where it is from; absent where it is not one of the catalogue. */
  entry?: string;
  price?: { validFrom: string; source: string; checkedOn: string; prices: Record<string, string> };
  assumed?: boolean;
  unpriced?: string;
}

export interface TurnDetail {
  row: TurnRow;
  /** Seconds from the call's start. */
  start: number;
  end: number;
  /** End of utterance to playback start; absent without an EOU latency. `placed`: when it was is known, not only how long. */
  silence?: Span & { placed: boolean };
  segments: Partial<Record<Segment, number>>;
  speech: Span[];
  /** When the agent was heard; `estimated`: nothing showed it. */
  heard: (Span & { estimated: boolean })[];
  bars: Bar[];
  interruptions: { kind: string; at: number; seconds?: number }[];
}

/** `GET /api/calls/ID`; of another tenant than the default one: with `?tenant=NAME`. */
export interface CallAnswer {
  call: CallRow;
  live: boolean;
  turns: TurnDetail[];
  /** Stages outside any turn. */
  beside: Bar[];
  bill: BillLine[];
  /** The price list of the bill; another than `call.price_list`: prices have changed since the row was written. */
  bill_list: string;
  /** Spans of the call in the journal; 0: they have expired, and only the rows are left. */
  spans: number;
  /** `{trace_id}` stands for the id. Absent: EARSHOT_TRACE_URL is not set. */
  trace_url?: string;
  /** Where calls are recorded (EARSHOT_RECORDINGS); none while the call goes on. */
  recordings: CallRecording[];
  /** What someone or something thinks of the call, by name. Absent: nothing was said. */
  scores?: ScoreRow[];
}

/** A score: a figure, a word, or both. */
export type ScoreRow = Pick<CallScoreJson, 'name' | 'value' | 'label' | 'source' | 'scored_at'>;

/**
 * A recording of a call, left the caller and right the agent: `GET /api/calls/ID/sound/RECORDING.FORMAT`, in ranges too. How loud
 * it is: `RECORDING.peaks`, for each 20 ms two bytes, caller and agent, 0 to 255.
 */
export interface CallRecording {
  id: string;
  /** `ogg`: Ogg Opus, as LiveKit Agents upload it. */
  format: 'wav' | 'ogg';
  /** Seconds from the call's start to its first sample. */
  start: number;
  seconds: number;
  /** Whether it can be said how loud it is: of `ogg` only where the package that decodes it is installed. */
  has_peaks: boolean;
}

/** How far apart silences are that are told and heard, in seconds. Null: no turn has both. */
export interface DifferencesJson {
  /** Turns that have both. */
  compared: number;
  /** With its sign: above 0, what is heard is longer. */
  median_difference: number | null;
  /** Of the sizes. */
  p95_difference: number | null;
  /** With its sign. */
  worst_difference: number | null;
}

/** The silence of a turn as its row tells it and as the recording has it. Seconds; instants are from the call's start. */
export interface HeardTurn {
  turn_index: number;
  eou_latency: number | null;
  /** From the end of the user's speech to the first sound of the agent. Below 0: the user had not finished. */
  heard: number | null;
  difference: number | null;
  /** Why they differ, or cannot be compared; null where they agree. `why`: in words. */
  reason: Reason | null;
  why: string | null;
  eou_source: string | null;
  playback_source: string | null;
  user_until: number | null;
  agent_from: number | null;
}

/** `GET /api/calls/ID/heard`: the silences of a call in its recordings, and `tenant` as above. */
export interface HeardAnswer extends DifferencesJson {
  /** In the order of `recordings` of the call. */
  recordings: {
    /** Seconds from the call's start to its first sample. */
    start?: number;
    placed_by?: 'name' | 'fit';
    /** How alike who speaks when is there: 1 the same, 0 by chance. */
    likeness?: number;
    notes: string[];
    /** Why it says nothing; what is above is absent then. */
    refused?: string;
  }[];
  turns: HeardTurn[];
}

/** `GET /api/calls/ID/facts`, and `tenant` as above. */
export interface FactsAnswer {
  /** What each span said, as in the journal. */
  facts: Record<string, unknown>[];
}

/** `GET /api/compare` */
export interface SelectionFigures {
  totals: CallTotals;
  silence: SilenceFigures;
  models: ModelLatency[];
}
export interface CompareAnswer {
  a: SelectionFigures;
  b: SelectionFigures;
  target_seconds: number;
  /** Each figure with its difference and 95 % interval, as `earshot compare --json` has them. */
  figures: FigureDifference[];
  /** What they come to, in a sentence. */
  verdict: string;
  /** What to keep in mind. */
  notes: string[];
}

/** A figure with the 90 % interval that it is likely in. Null: the calls do not say. */
export interface EstimateJson {
  value: number | null;
  low: number | null;
  high: number | null;
}

/** What a command answers, as its `--json` has it: money is text with all its places. */
type Answered<T> = T extends Decimal
  ? string
  : T extends Prediction['before']
    ? EstimateJson
    : T extends readonly (infer Item)[]
      ? Answered<Item>[]
      : T extends object
        ? { [Name in keyof T]: Answered<T[Name]> }
        : T;

/** `GET /api/whatif`: what `earshot whatif --json` says. Shares are of one, times in seconds. */
export type WhatIfAnswer = Answered<WhatIf> & {
  /** What was left out. */
  notes: string[];
};

/** `GET /api/endpointing`: what `earshot endpointing --json` says, for each agent and language. */
export interface EndpointingAnswer {
  groups: Answered<EndpointingGroup>[];
  /** What was left out. */
  notes: string[];
}

/** `GET /api/check`: what `earshot check --json` says. */
export interface CheckAnswer extends Omit<Check, 'verdicts'> {
  /** Of figures, then of scores. */
  verdicts: readonly Verdict[];
  /** Calls that were held against the limits. */
  calls: number;
  /** What to keep in mind. */
  notes: string[];
}

/** `GET /api/models`: models that can be asked about, as `openai/gpt-4.1-mini`. */
export type ModelsAnswer = Record<
  'stt' | 'llm' | 'tts',
  {
    /** In the newest calls. */
    seen: string[];
    /** In the price list, and in none of them. */
    priced: string[];
  }
>;

/** An incident, as `earshot incidents --json` has it. */
export type IncidentRow = IncidentJson & { readonly id: string };

/** `GET /api/incidents`, the latest first */
export interface IncidentsAnswer {
  incidents: IncidentRow[];
}

/** `GET /api/incidents/ID` */
export interface IncidentAnswer {
  incident: IncidentRow;
  /** The turns that are slower than is usual, the slowest first; 100 at most. */
  slow_turns: {
    tenant: string;
    call_id: string;
    turn_index: number;
    created_at: string;
    agent_name: string | null;
    /** What the owner of the incident took, in seconds. */
    seconds: number;
    eou_latency: number | null;
  }[];
}

/** `GET /api/about` */
export interface AboutAnswer {
  version: string;
  target_seconds: number;
  /** Whether a token was asked for, so that there is something to leave. */
  authenticated: boolean;
}

/** Events of `GET /api/live`: the calls that go on, and those that got their rows. */
export interface LiveEvent {
  running: ListedCall[];
}
export interface FinishedEvent {
  calls: CallName[];
}

/** Any answer with a status of 400 or above. */
export interface ErrorAnswer {
  error: string;
}
