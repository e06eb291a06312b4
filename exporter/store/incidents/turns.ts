import type { Micros } from '../../../model/facts.ts';
import type { WatchedTurn } from '../../../model/incidents.ts';
import { SEGMENTS } from '../../../model/vocabulary.ts';
import type { Queryable } from '../database.ts';

/** Calls of one tenant whose turns are looked at, at most: percentiles need no more. */
const MOST_CALLS = 4_000;
/** Turns of all tenants together. */
const MOST_TURNS = 200_000;
/** Of calls that are longer the last turns are not seen. */
const LONGEST_CALL = '3 hours';

const STAGES = ['stt', 'llm', 'tts'] as const;
const micros = (instant: string) => `(extract(epoch FROM ${instant}) * 1000000)::double precision`;
const instant = (parameter: string) =>
  `'epoch'::timestamptz + ${parameter}::double precision * interval '1 microsecond'`;

// By the index, call by call: a planner that may choose reads the whole table (OFFSET 0 forbids it).
const TURNS = `\
WITH c AS MATERIALIZED (
  SELECT tenant, call_id, agent_name, cloud_region, ended_at FROM (
    SELECT m.*, row_number() OVER (PARTITION BY m.tenant ORDER BY hashtext(m.call_id), m.call_id) AS place
    FROM :schema.call_metrics m
    WHERE m.started_at >= ${instant('$1')} - interval '${LONGEST_CALL}' AND m.started_at < ${instant('$2')}
  ) AS m WHERE place <= ${MOST_CALLS}
)
SELECT c.tenant, c.call_id, l.turn_index, ${micros('l.created_at')} AS at, ${micros('c.ended_at')} AS known_at,
  c.agent_name, c.cloud_region, l.latency_stt, l.eou_latency, ${SEGMENTS.map((segment) => `l.segment_${segment}`).join(', ')},
  ${STAGES.map((stage) => `l.${stage}_provider, l.${stage}_model`).join(', ')}
FROM c CROSS JOIN LATERAL (
  SELECT * FROM :schema.call_logs
  WHERE tenant = c.tenant AND call_id = c.call_id AND created_at >= ${instant('$1')} AND created_at < ${instant('$2')} OFFSET 0
) AS l
ORDER BY l.created_at LIMIT ${MOST_TURNS}`;

type Row = Readonly<Record<string, string | number | null>> & {
  tenant: string;
  call_id: string;
  turn_index: number;
  at: Micros;
  known_at: Micros;
};

/** The turns of finished calls that began between two instants, in order of time: of a tenant with very many calls some of them. */
export async function readWatchedTurns(db: Queryable, from: Micros, until: Micros): Promise<WatchedTurn[]> {
  return (await db.query<Row>(TURNS, [from, until])).map(watchedTurn);
}

function watchedTurn(row: Row): WatchedTurn {
  const text = (name: string) => row[name] as string | null;
  const seconds = (name: string) => row[name] as number | null;
  const model = (stage: string) => ({ provider: text(`${stage}_provider`), model: text(`${stage}_model`) });
  const silence = seconds('eou_latency');
  return {
    tenant: row.tenant,
    callId: row.call_id,
    turnIndex: row.turn_index,
    at: row.at,
    knownAt: row.known_at,
    agent: text('agent_name'),
    region: text('cloud_region'),
    silence,
    segments: SEGMENTS.map((segment) => (silence === null ? null : seconds(`segment_${segment}`))),
    transcription: seconds('latency_stt'),
    models: { stt: model('stt'), llm: model('llm'), tts: model('tts') },
  };
}
