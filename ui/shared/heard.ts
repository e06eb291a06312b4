import type { CallProof, Differences } from '../../exporter/acoustics/call-proof.ts';
import { isRefusal } from '../../exporter/acoustics/call-proof.ts';
import type { TurnProof } from '../../exporter/acoustics/turn-proof.ts';
import { noteText, refusalText, whyOf } from '../../exporter/acoustics/words.ts';
import type { DifferencesJson, HeardAnswer, HeardTurn } from './api.ts';

/** What recordings say of a call's silences, as the API and `earshot verify --json` have it. */
export const heardAnswer = ({ witnesses, turns, differences }: CallProof): HeardAnswer => ({
  recordings: witnesses.map((witness) =>
    isRefusal(witness)
      ? { refused: refusalText(witness), notes: [] }
      : {
          start: rounded(witness.placement.start),
          placed_by: witness.placement.by,
          likeness: rounded(witness.placement.likeness),
          notes: witness.notes.map(noteText),
        },
  ),
  turns: turns.map(heardTurn),
  ...differencesJson(differences),
});

/** How far apart silences are that are told and heard. */
export const differencesJson = ({ turns, median, p95, worst }: Differences): DifferencesJson => ({
  compared: turns,
  median_difference: orNull(median),
  p95_difference: orNull(p95),
  worst_difference: orNull(worst),
});

const heardTurn = (turn: TurnProof): HeardTurn => ({
  turn_index: turn.turnIndex,
  eou_latency: turn.told ?? null,
  heard: orNull(turn.heard),
  difference: orNull(turn.difference),
  reason: turn.reason ?? null,
  why: whyOf(turn) ?? null,
  eou_source: turn.eouSource ?? null,
  playback_source: turn.playbackSource ?? null,
  user_until: orNull(turn.userUntil),
  agent_from: orNull(turn.agentFrom),
});

/** To the tenth of a millisecond: no recording is heard more exactly. */
const rounded = (seconds: number): number => Math.round(seconds * 1e4) / 1e4;
const orNull = (seconds: number | undefined): number | null =>
  seconds === undefined ? null : rounded(seconds);
