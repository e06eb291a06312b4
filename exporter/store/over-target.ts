import {
  type OwnedSilence,
  ownedSilence,
  ownerOf,
  type SilentTurn,
  silenceByOwner,
} from '../../model/owners.ts';
import { SEGMENTS, type Segment } from '../../model/vocabulary.ts';
import type { Queryable } from './database.ts';
import { shareBeyond } from './rollups/bands.ts';
import type { RolledSource } from './rollups/read.ts';

/** Whose the silence is in the turns that have more of it than a target. */
export interface OverTarget {
  /** The target. */
  seconds: number;
  turns: number;
  owners: readonly OwnedSilence[];
}

/** Turns that have the same models. */
export type SlowTurns = SilentTurn & { turns: number };

const MODELS = ['llm_provider', 'llm_model', 'tts_provider', 'tts_model'];
/** Columns of turns that `slowTurns` reads. */
export const SLOW_TURN_COLUMNS: readonly string[] = [
  'eou_latency',
  ...MODELS,
  ...SEGMENTS.map((segment) => `segment_${segment}`),
];

/** SQL: `SlowTurns` of turns `l` of `FROM …`. `target` is a number of seconds in SQL. */
export const slowTurns = (from: string, target: string): string => {
  const models = MODELS.map((name) => `l.${name}`).join(', ');
  const sums = SEGMENTS.map((segment) => `sum(l.segment_${segment}) AS segment_${segment}`).join(', ');
  return `SELECT ${models}, count(*)::int AS turns, ${sums} ${from} WHERE l.eou_latency > ${target} GROUP BY ${models}`;
};

export const overTargetOf = (seconds: number, slow: readonly SlowTurns[]): OverTarget => ({
  seconds,
  turns: slow.reduce((sum, { turns }) => sum + turns, 0),
  owners: silenceByOwner(slow),
});

interface BandSums {
  figure: 'eou_latency' | `segment_${Segment}`;
  provider: string | null;
  model: string | null;
  turns: number;
  us: number;
}

const FIGURES = ['eou_latency', ...SEGMENTS.map((segment) => `segment_${segment}`)];

/** The same from rollups: exact where the target is a whole number of tenths of a second, up to ten. */
export async function rolledOverTarget(
  db: Queryable,
  source: RolledSource,
  seconds: number,
): Promise<OverTarget> {
  const values = [...source.values];
  const target = `$${values.push(seconds)}::double precision`;
  const figures = `$${values.push(FIGURES)}::text[]`;
  const sums = await db.query<BandSums>(
    `\
SELECT figure, provider, model, sum(n * share)::double precision AS turns, sum(us * share)::double precision AS us
FROM (
  SELECT m.figure, m.provider, m.model, b.n, b.us, ${shareBeyond('b.band', target)} AS share
  FROM ${source.of('rollup_latencies')}
  CROSS JOIN LATERAL unnest(m.bands, m.band_turns, m.band_us) AS b (band, n, us)
  WHERE m.figure = ANY (${figures})
) AS b WHERE share > 0
GROUP BY 1, 2, 3`,
    values,
  );
  return {
    seconds,
    turns: Math.round(sums.find(({ figure }) => figure === 'eou_latency')?.turns ?? 0),
    owners: ownedSilence(sums.flatMap(ownedPart)),
  };
}

function ownedPart({ figure, provider, model, us }: BandSums) {
  if (figure === 'eou_latency') return [];
  const names = { llm_provider: provider, llm_model: model, tts_provider: provider, tts_model: model };
  return [{ ...ownerOf(figure.replace('segment_', '') as Segment, names), us: Math.round(us) }];
}
