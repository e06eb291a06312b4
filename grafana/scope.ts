import { NONE } from '../exporter/store/rollups/functions.ts';
import { factJson, l, m, SPAN_OF_CALL, s, sameCall } from './columns.ts';
import { variable } from './variable.ts';

export { NONE };

/** Seconds that a turn should not take longer than: the variable, as a number. */
export const TARGET = `${variable('target', 'sqlstring')}::double precision`;

/** The row's value, or that it has none, is among those chosen in the variable. */
export const among = (column: string, chosen: string) =>
  // Not with `coalesce`, of whose values the planner knows nothing.
  `(${column} IN ($${chosen}) OR (${column} IS NULL AND '${NONE}' IN ($${chosen})))`;

/** A call is of the tenants, services, versions, environments, agents and campaigns that are chosen. */
const CHOSEN = [
  // Behind what no planner sees through, which it takes for half of the calls. It multiplies shares of values that go with one
  // another, as a version with its time: then it expects few calls, reads all of the time and sorts them.
  `((SELECT false) OR (${[
    `${m.tenant} IN ($tenant)`,
    among(m.service_name, 'service'),
    among(m.service_version, 'version'),
    among(m.deployment_environment, 'environment'),
  ].join(' AND ')}))`,
  among(m.agent_name, 'agent'),
  among(m.campaign_id, 'campaign'),
].join('\n  AND ');

/** The speech-to-text, LLM and text-to-speech stages of a turn, which have a provider, a model and a price. */
export const COMPONENTS = ['stt', 'llm', 'tts'] as const;

const anyOf = (conditions: readonly string[]) => `(${conditions.join(' OR ')})`;
const USED = [
  anyOf(COMPONENTS.map((component) => among(l[`${component}_provider`], 'provider'))),
  anyOf(COMPONENTS.map((component) => among(l[`${component}_model`], 'model'))),
].join('\n    AND ');

/** All are chosen: asked once, and then no turn is looked at. */
const ALL_USED =
  '(SELECT earshot.all_used($__timeFrom()::timestamptz, $__timeTo()::timestamptz, ARRAY[$provider]::text[], ARRAY[$model]::text[]))';

const CHOSEN_CALLS = `\
WHERE $__timeFilter(${m.started_at})
  AND ${CHOSEN}
  AND (${ALL_USED} OR EXISTS (
    SELECT FROM earshot.call_logs l WHERE ${sameCall(l, m)}
    AND ${USED}
  ) OR (${m.turn_count} = 0 AND '${NONE}' IN ($provider) AND '${NONE}' IN ($model)))`;

/**
 * `FROM earshot.call_metrics m WHERE …`: the calls that began in the time range, of the chosen services, agents and campaigns,
 * with a turn that used a chosen provider and model. A call without turns has used none.
 */
export const CALLS = `FROM earshot.call_metrics m\n${CHOSEN_CALLS}`;

/**
 * A row for each component of a turn, as `c (component, provider, model, quantity, cost)`. `quantity` is what is
 * billed: seconds of audio, tokens, characters.
 */
const EACH_COMPONENT = `\
CROSS JOIN LATERAL (VALUES
  ('stt', ${l.stt_provider}, ${l.stt_model}, ${l.stt_audio_seconds}, ${l.cost_stt}),
  ('llm', ${l.llm_provider}, ${l.llm_model}, ${l.llm_input_tokens} + ${l.llm_output_tokens}, ${l.cost_llm}),
  ('tts', ${l.tts_provider}, ${l.tts_model}, ${l.tts_characters}, ${l.cost_tts})
) AS c (component, provider, model, quantity, cost)`;

/** The components of turns under a condition. */
export const componentsWhere = (condition: string): string => `\
FROM earshot.call_logs l
${EACH_COMPONENT}
WHERE ${condition}`;

/** Where one may speak over the other: `i (kind, at, seconds)`, with the seconds until the agent was silent. */
export const INTERRUPTIONS = `\
CROSS JOIN LATERAL jsonb_to_recordset(${factJson('interruptions')})
  AS i (kind text, "atUs" double precision, "timeToSilenceSeconds" double precision)`;

/** Where rollups do not have a figure it is of so many calls at most, the latest; or of their turns. */
const LATEST = { calls: 20_000, turns: 2_500 } as const;
/** For the description of a panel that reads those. */
export const OF_LATEST = {
  calls: `Of the latest ${LATEST.calls.toLocaleString('en-US')} calls in the time range.`,
  turns: `Of the turns of the latest ${LATEST.turns.toLocaleString('en-US')} calls in the time range.`,
  interrupted: `Of the latest ${LATEST.turns.toLocaleString('en-US')} calls in the time range that were interrupted.`,
} as const;

const latest = (condition: string, order: string, most: number): string =>
  `(\n  SELECT m.*, ${ALL_USED} AS all_used ${CALLS.replaceAll('\n', '\n  ')}${condition === '' ? '' : `\n    AND ${condition}`}\n  ORDER BY ${order} DESC\n  LIMIT ${most}\n) AS m`;

/** `FROM (…) AS m`: the latest of the chosen calls for which a condition holds. */
export const latestCalls = (condition = ''): string =>
  `FROM ${latest(condition, m.started_at, LATEST.calls)}`;

/** `FROM … AS m CROSS JOIN … AS l`: the turns `l` of calls, by the index, call by call (OFFSET 0 allows nothing else). */
const turnsOf = (calls: string): string => `\
FROM ${calls}
CROSS JOIN LATERAL (
  SELECT l.* FROM earshot.call_logs l
  WHERE ${sameCall(l, m)} AND (all_used OR (${USED}))
  OFFSET 0
) AS l`;

/** The turns `l` of the latest of the chosen calls `m` for which a condition holds. */
export const latestTurns = (condition = ''): string => turnsOf(latest(condition, m.started_at, LATEST.turns));

/** The turns `l` of the calls `m` with the longest silences: the longest are among them. */
export const silentTurns: string = turnsOf(
  latest(`${m.eou_latency_max} IS NOT NULL`, m.eou_latency_max, 500),
);

/** Interruptions of the latest of the chosen calls that have any, each with its kind and time to silence. In the journal as long as spans are kept. */
export const INTERRUPTIONS_OF_CALLS = `\
FROM ${latest(`${m.interruption_count} > 0`, m.started_at, LATEST.turns)}
JOIN earshot.call_spans s ON ${SPAN_OF_CALL} AND ${s.stage} = 'turn'
${INTERRUPTIONS}`;

/** A percentile, interpolated linearly as the columns `_p50` and `_p95` are. */
export const percentile = (fraction: number, of: string): string =>
  `percentile_cont(${fraction}) WITHIN GROUP (ORDER BY ${of})`;
