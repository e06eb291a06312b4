import type { GroupedTurn } from '../../exporter/calls/grouped.ts';
import { type MarkedTurn, markTurn } from '../../exporter/calls/marks.ts';
import type { CallLogRow } from '../../exporter/store/index.ts';
import type { Micros } from '../../model/facts.ts';
import { rowJson } from '../../model/row-json.ts';
import { SEGMENTS } from '../../model/vocabulary.ts';
import type { Span, TurnDetail, TurnRow } from '../shared/api.ts';
import { type Bar, barsOf } from '../shared/waterfall.ts';

const seconds = (us: Micros, zeroUs: Micros): number => (us - zeroUs) / 1e6;

/** A bar in seconds from the call's start. */
export const shifted = (bar: Bar, zeroUs: Micros): Bar => ({
  ...bar,
  start: seconds(bar.start, zeroUs),
  end: seconds(bar.end, zeroUs),
  ...(bar.first !== undefined && { first: seconds(bar.first, zeroUs) }),
});

/** A turn's row with the instants behind it. Without spans (they have expired) the row is all there is. */
export function turnDetail(row: CallLogRow, turn: GroupedTurn | undefined, zeroUs: Micros): TurnDetail {
  const shown = { row: rowJson(row) as TurnRow, segments: segmentsOf(row) };
  const start = seconds(row.created_at, zeroUs);
  if (turn === undefined)
    return { ...shown, start, end: start, speech: [], heard: [], bars: [], interruptions: [] };
  const marked = markTurn(turn);
  const bars = barsOf(turn).map((bar) => shifted(bar, zeroUs));
  return {
    ...shown,
    start: seconds(turn.startUs, zeroUs),
    end: seconds(turn.endUs, zeroUs),
    ...silenceOf(row, marked, zeroUs),
    speech: bars.filter(({ kind }) => kind === 'speech').map(({ start, end }) => ({ start, end })),
    heard: heardOf(bars, marked, zeroUs),
    bars,
    interruptions: (turn.fact?.interruptions ?? []).map(({ kind, atUs, timeToSilenceSeconds }) => ({
      kind,
      at: seconds(atUs, zeroUs),
      ...(timeToSilenceSeconds !== undefined && { seconds: timeToSilenceSeconds }),
    })),
  };
}

function segmentsOf(row: CallLogRow): TurnDetail['segments'] {
  const known = SEGMENTS.flatMap((name) => {
    const length = row[`segment_${name}`];
    return length === null ? [] : [[name, length] as const];
  });
  return Object.fromEntries(known);
}

/** The silence ends where the agent is heard, and is as long as the row says. */
function silenceOf(
  { eou_latency }: CallLogRow,
  { marks, silentFromUs }: MarkedTurn,
  zeroUs: Micros,
): Pick<TurnDetail, 'silence'> {
  if (eou_latency === null || marks.playbackStartedUs === undefined) return {};
  const end = seconds(marks.playbackStartedUs, zeroUs);
  return { silence: { start: end - eou_latency, end, placed: silentFromUs !== undefined } };
}

/** Playbacks as they were seen; where none was, from when the agent must have been heard to the end of what was said. */
function heardOf(bars: readonly Bar[], { marks, turn }: MarkedTurn, zeroUs: Micros): TurnDetail['heard'] {
  const seen = bars.filter(({ kind }) => kind === 'playback');
  if (seen.length > 0)
    return seen.map(({ start, end, source }) => ({ start, end, estimated: source === 'estimated' }));
  if (turn.heard === false || marks.playbackStartedUs === undefined) return [];
  const start = seconds(marks.playbackStartedUs, zeroUs);
  const spoken = bars.filter(({ kind, end }) => (kind === 'tts' || kind === 'llm') && end > start);
  const audioSeconds = bars.reduce(
    (sum, { kind, usage }) => sum + (kind === 'tts' ? (usage?.audioSeconds ?? 0) : 0),
    0,
  );
  const end = Math.max(start + audioSeconds, ...spoken.map((span: Span) => span.end));
  return [{ start, end, estimated: true }];
}
