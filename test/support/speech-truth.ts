import type { TurnTruth } from '../../demo/phone-caller.ts';
import type { WorldCall } from '../../demo/world.ts';
import type { CallMetricsRow } from '../../model/rows.ts';
import type { Measurement } from './ground-truth.ts';

/** Columns of speech that have a truth, as the caller knows it. */
const COLUMNS = [
  'user_speech_seconds',
  'agent_speech_seconds',
  'overlap_seconds',
  'longest_silence',
  'dead_air_seconds',
] as const;

type SpeechTruth = Readonly<Record<(typeof COLUMNS)[number], number>>;

/** A sum of many instants is off by what each of them is. */
const MOST_ERROR_MS = 20;

/** How long who spoke in a call, in seconds: from the samples that the caller sent and heard. */
export function speechTruth({ turns, connectedMicros, endedMicros }: WorldCall): SpeechTruth {
  const user = turns.flatMap(({ speechStartedMicros, speechEndedMicros }) =>
    pair(speechStartedMicros, speechEndedMicros),
  );
  const agent = turns.flatMap(({ firstAudioMicros, playbackEndedMicros }: TurnTruth) =>
    pair(firstAudioMicros, playbackEndedMicros),
  );
  // Every instant at which someone begins or stops; between two of them nothing changes.
  const edges = [...new Set([connectedMicros, endedMicros, ...user.flat(), ...agent.flat()])].sort(
    (a, b) => a - b,
  );
  const spans = edges.slice(1).map((to, index) => {
    const from = edges[index] ?? to;
    const isIn = ([start, end]: readonly [number, number]) => start <= from && to <= end;
    return { seconds: (to - from) / 1e6, user: user.some(isIn), agent: agent.some(isIn) };
  });
  const total = (chosen: (span: (typeof spans)[number]) => boolean) =>
    spans.filter(chosen).reduce((sum, { seconds }) => sum + seconds, 0);
  const silences = [0];
  for (const { seconds, user, agent } of spans) {
    if (user || agent) silences.push(0);
    else silences.push((silences.pop() ?? 0) + seconds);
  }
  return {
    user_speech_seconds: total((span) => span.user),
    agent_speech_seconds: total((span) => span.agent),
    overlap_seconds: total((span) => span.user && span.agent),
    longest_silence: Math.max(...silences),
    dead_air_seconds: silences.filter((each) => each > 3).reduce((sum, each) => sum + each, 0),
  };
}

const pair = (from: number | undefined, to: number | undefined): [number, number][] =>
  from === undefined || to === undefined ? [] : [[from, to]];

/** The figures of a call's row beside the true ones. */
export function speechMeasurements(call: WorldCall, metrics: CallMetricsRow): Measurement[] {
  const truth = speechTruth(call);
  const instants = call.turns.flatMap((turn) =>
    [
      turn.speechStartedMicros,
      turn.speechEndedMicros,
      turn.firstAudioMicros,
      turn.playbackEndedMicros,
    ].filter((instant) => instant !== undefined),
  );
  return COLUMNS.flatMap((column) => {
    const measuredSeconds = metrics[column];
    if (measuredSeconds === null) return [];
    const lengthMicros = truth[column] * 1e6;
    return {
      column,
      where: call.scenario,
      measuredSeconds,
      truth: { fromMicros: call.connectedMicros, toMicros: call.connectedMicros + lengthMicros },
      instants,
      mostErrorMs: MOST_ERROR_MS * Math.max(1, call.turns.length),
    };
  });
}
