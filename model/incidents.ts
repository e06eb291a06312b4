import type { Micros } from './facts.ts';
import type { OwnedSilence, Owner } from './owners.ts';
import type { Segment } from './vocabulary.ts';

/** What of a turn is watched: its models, its segments, and what it waited for. Unknown is null. */
export interface WatchedTurn {
  readonly tenant: string;
  readonly callId: string;
  readonly turnIndex: number;
  /** When the turn began. */
  readonly at: Micros;
  /** When its call was over: no one knew of it before. */
  readonly knownAt: Micros;
  readonly agent: string | null;
  /** Region that the agent program runs in. */
  readonly region: string | null;
  /** Seconds of silence before the answer. */
  readonly silence: number | null;
  /** Seconds of each part of the silence, in the order of `SEGMENTS`. */
  readonly segments: readonly (number | null)[];
  /** Seconds from the end of the words to the final transcript. */
  readonly transcription: number | null;
  readonly models: Readonly<Record<'stt' | 'llm' | 'tts', ModelOfTurn>>;
}

/** Who ran a stage of a turn. */
export interface ModelOfTurn {
  readonly provider: string | null;
  readonly model: string | null;
}

/** Whose time is watched: an owner of silence, or the transcription that endpointing waits for. */
export interface WatchedOwner {
  readonly tenant: string;
  /** `stt` is no segment: its time is a part of `endpointing`. */
  readonly part: Segment | 'stt';
  readonly kind: Owner['kind'];
  /** As `ownerOf` names it; of what is no model with the agent. */
  readonly name: string;
  readonly provider?: string;
  readonly model?: string;
  /** Absent: not known. */
  readonly region?: string;
  /** Of what is no model. Absent: not known. */
  readonly agent?: string;
}

/** Seconds of one owner in some turns. */
export interface Distribution {
  readonly turns: number;
  readonly calls: number;
  readonly p50: number;
  readonly p95: number;
  /** How many turns took up to each of `INCIDENT_BINS`, and beyond the last. */
  readonly counts: readonly number[];
  /** Turns that were silent for longer than the budget, and those whose silence is known. */
  readonly overBudget: number;
  readonly silences: number;
  /** Mean silence by owner, in seconds of a turn: what the budget is spent on. */
  readonly spent: readonly Pick<OwnedSilence, 'segment' | 'kind' | 'name' | 'seconds'>[];
}

/** Where the bins of distributions end, in seconds. */
export const INCIDENT_BINS = [
  0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.5, 2, 3, 5, 10,
] as const;

/** What was usual in the hour before, by agent: what a turn is held against. */
export interface Usual {
  readonly agent: string | null;
  /** How many turns it is of. */
  readonly turns: number;
  /** The rank of the value that one in twenty is beyond, from 1. */
  readonly rank: number;
  readonly seconds: number;
}

/**
 * Why an incident is over. `recovered`: its turns are as they were. `quiet`: for half a day too few turns to say. `lasting`: it
 * went on for a day, and is what is usual now.
 */
export const INCIDENT_ENDS = ['recovered', 'quiet', 'lasting'] as const;
export type IncidentEnd = (typeof INCIDENT_ENDS)[number];

/** One owner that took longer than in the hour before, from when on, and what that did to the silence. */
export interface Incident {
  readonly owner: WatchedOwner;
  /** When it began, as the turns say. */
  readonly since: Micros;
  /** When it was seen. */
  readonly openedAt: Micros;
  /** When it was last looked at. */
  readonly lookedAt: Micros;
  /** When it was seen to be over; absent: it is open. */
  readonly closedAt?: Micros;
  readonly end?: IncidentEnd;
  /** From when on turns were as before, as they say; of one that has recovered. */
  readonly until?: Micros;
  /** The silence that is still good, in seconds. */
  readonly budget: number;
  /** The hour that it is held against. */
  readonly baseline: { readonly from: Micros; readonly until: Micros };
  readonly usual: readonly Usual[];
  /** Of that hour, as it would have been with the agents of the turns since. */
  readonly before: Distribution;
  /** From `since` to the last look. */
  readonly after: Distribution;
}

/** An incident as it is kept. */
export interface StoredIncident extends Incident {
  /** Short, for commands and addresses. */
  readonly id: string;
}
