import { Coverage, type Interval } from '../calls/coverage.ts';
import type { GroupedCall, GroupedTurn } from '../calls/grouped.ts';
import { markTurn } from '../calls/marks.ts';
import type { Stretch } from './voice-activity.ts';

/** A turn as the journal has it. Instants are seconds from the call's start. */
export interface ToldTurn {
  readonly turnIndex: number;
  readonly initiator?: 'user' | 'agent';
  readonly speechStarted?: number;
  /** The end of the utterance that was answered. */
  readonly speechEnded?: number;
  readonly eouSource?: string;
  readonly playbackStarted?: number;
  readonly playbackSource?: 'observed' | 'estimated';
}

/** A call as the journal has it. */
export interface ToldCall {
  readonly seconds: number;
  readonly turns: readonly ToldTurn[];
  readonly caller: readonly Stretch[];
  readonly agent: readonly Stretch[];
}

/** Who spoke when, by the journal. */
export function toldCall(call: GroupedCall): ToldCall {
  const at = (us: number) => (us - call.startUs) / 1e6;
  // However they overlap, no instant twice.
  const stretches = (intervals: readonly Interval[]): Stretch[] =>
    new Coverage(intervals).stretches.map(({ startUs, endUs }) => ({ start: at(startUs), end: at(endUs) }));
  return {
    seconds: at(call.endUs),
    turns: call.turns.map((turn) => toldTurn(turn, at)),
    caller: stretches(call.voice ?? call.turns.flatMap(saidIn)),
    agent: stretches(call.turns.flatMap(answeredIn)),
  };
}

function saidIn({ fact }: GroupedTurn): Interval[] {
  const said = fact?.utterances?.map(({ startedUs, endedUs }) => [startedUs, endedUs] as const);
  const all = said ?? [[fact?.speechStartedUs, fact?.speechEndedUs] as const];
  return all.flatMap(([startUs, endUs]) =>
    startUs === undefined || endUs === undefined ? [] : [{ startUs, endUs }],
  );
}

/** Playbacks as they were seen; where none was, from when the agent must have been heard, for as long as was synthesised. */
function answeredIn(turn: GroupedTurn): Interval[] {
  const seen = turn.stages.filter(({ stage }) => stage === 'playback');
  if (seen.length > 0) return seen.map(({ startUs, endUs }) => ({ startUs, endUs }));
  const startUs = markTurn(turn).marks.playbackStartedUs;
  if (startUs === undefined) return [];
  const seconds = turn.stages.reduce(
    (sum, { stage, usage }) => sum + (stage === 'tts' ? (usage?.audioSeconds ?? 0) : 0),
    0,
  );
  return [{ startUs, endUs: startUs + Math.round(seconds * 1e6) }];
}

function toldTurn(turn: GroupedTurn, at: (us: number) => number): ToldTurn {
  const { marks, silentFromUs, eouSource, playbackSource } = markTurn(turn);
  const { speechStartedUs, playbackStartedUs } = marks;
  return {
    turnIndex: turn.turnIndex,
    ...(turn.initiator && { initiator: turn.initiator }),
    ...(speechStartedUs !== undefined && { speechStarted: at(speechStartedUs) }),
    ...(silentFromUs !== undefined && { speechEnded: at(silentFromUs) }),
    ...(eouSource && { eouSource }),
    ...(playbackStartedUs !== undefined && { playbackStarted: at(playbackStartedUs) }),
    ...(playbackSource && { playbackSource }),
  };
}
