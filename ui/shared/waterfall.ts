import type { StageFact, TurnFact } from '../../model/facts.ts';

/**
 * The geometry of a turn's waterfall, shared by the page and the terminal. Instants are numbers of any one unit: it only
 * compares and divides them.
 */
export interface Span {
  start: number;
  end: number;
}

/** One line of a waterfall: who spoke, or what one stage did. */
export interface Bar extends Span {
  kind: 'speech' | StageFact['stage'];
  /** Absent: nothing came, or it is not known when. A playback is heard from its start. */
  first?: number;
  provider?: string;
  model?: string;
  tool?: string;
  /** Ended early on purpose. */
  cancelled?: boolean;
  /** When it was done is not known. */
  end_unknown?: boolean;
  error_type?: string;
  /** How a playback is known. */
  source?: string;
  usage?: StageFact['usage'];
}

/** What is shown before and after the silence, in seconds: the rest of a long turn would make the silence a sliver. */
const MARGIN_SECONDS = 1;

/** The lines of a turn: the user's speech first, then its stages as they started. */
export function barsOf(turn: { fact?: TurnFact; stages: readonly StageFact[] }): Bar[] {
  return [...speechBars(turn.fact), ...turn.stages.map(stageBar)];
}

function speechBars(fact: TurnFact | undefined): Bar[] {
  const utterances = (fact?.utterances ?? []).flatMap(({ startedUs, endedUs }): Bar[] =>
    startedUs === undefined ? [] : [{ kind: 'speech', start: startedUs, end: endedUs }],
  );
  if (utterances.length > 1) return utterances;
  const start = fact?.speechStartedUs;
  if (start === undefined) return [];
  return [{ kind: 'speech', start, end: fact?.speechEndedUs ?? fact?.committedUs ?? start }];
}

function stageBar(stage: StageFact): Bar {
  const first = stage.stage === 'playback' ? stage.startUs : stage.firstByteUs;
  return {
    kind: stage.stage,
    start: stage.startUs,
    end: stage.endUs,
    ...(first !== undefined && { first }),
    ...(stage.provider !== undefined && { provider: stage.provider }),
    ...(stage.model !== undefined && { model: stage.model }),
    ...(stage.toolName !== undefined && { tool: stage.toolName }),
    ...(stage.cancelled === true && { cancelled: true }),
    ...(stage.endUnknown === true && { end_unknown: true }),
    ...(stage.errorType !== undefined && { error_type: stage.errorType }),
    ...(stage.playbackSource !== undefined && { source: stage.playbackSource }),
    ...(stage.usage !== undefined && { usage: stage.usage }),
  };
}

/** The part of a turn that is worth drawing: its silence with a second around it, else all of it. */
export function windowOf(bars: readonly Bar[], silenceSeconds: number | null, second = 1): Span | undefined {
  if (bars.length === 0) return undefined;
  const start = bars.reduce((least, bar) => Math.min(least, bar.start), Number.POSITIVE_INFINITY);
  const end = bars.reduce((most, bar) => Math.max(most, bar.end), Number.NEGATIVE_INFINITY);
  const playback = bars.find(({ kind }) => kind === 'playback');
  if (!playback || silenceSeconds === null) return { start, end: Math.max(end, start + second / 1e6) };
  const silence = playback.start - silenceSeconds * second;
  return {
    start: Math.max(start, silence - MARGIN_SECONDS * second),
    end: Math.min(end, playback.start + MARGIN_SECONDS * second),
  };
}

/** Where a bar is in a window, as shares of its width. */
export interface Drawn {
  from: number;
  /** Where the wait for the first byte ends; `to` when nothing came. */
  first: number;
  to: number;
  /** It goes on outside of the window. */
  before: boolean;
  after: boolean;
}

/** Undefined: the bar is not in the window. */
export function drawnIn(bar: Bar, window: Span): Drawn | undefined {
  if (bar.end < window.start || bar.start > window.end) return undefined;
  const length = window.end - window.start;
  const share = (at: number) => Math.max(0, Math.min(1, (at - window.start) / length));
  const from = share(bar.start);
  const to = share(bar.end);
  return {
    from,
    to,
    first: bar.first === undefined ? to : Math.max(from, Math.min(to, share(bar.first))),
    before: bar.start < window.start,
    after: bar.end > window.end,
  };
}
