import { METRICS } from '../../model/semconv.ts';
import { board } from '../board.ts';
import { m } from '../columns.ts';
import { TO_CALL, UID } from '../links.ts';
import { counter, LABEL } from '../names.ts';
import { lines, pie, stat, table } from '../panels.ts';
import { overTime, rows, timeSeries } from '../queries.ts';
import { CALLS, COMPONENTS_OF_TURNS, callsWith, percentile } from '../scope.ts';
import { JAEGER_URL, SCOPE, SOURCES } from '../variables.ts';

const NO_CALLS = 'No priced calls in this time range';
const NO_METRICS = 'No live metrics: does Prometheus scrape the processes that finalize calls?';
const USD = 'currencyUSD';
const LOWER_BOUND = 'A lower bound where something had no price.';

const spend = `sum(${m.cost_total})`;
const minutes = `sum(${m.duration_seconds}) / 60`;
const perMinute = `${spend}::double precision / nullif(${minutes}, 0)`;
const succeeded = `count(*) FILTER (WHERE ${m.outcome} = 'SUCCESS')`;

/** What a call's cost consists of. */
const PARTS = ['stt', 'llm', 'tts', 'livekit', 'telephony'] as const;
const parts = PARTS.map((part) => `sum(${m[`cost_${part}`]})::double precision AS ${part}`).join(',\n  ');

const cacheHits = `sum(${m.llm_cached_tokens})::double precision / nullif(sum(${m.llm_input_tokens}) FILTER (WHERE ${m.llm_cached_tokens} IS NOT NULL), 0)`;

const glance = {
  id: 1,
  title: 'At a glance',
  panels: [
    stat({
      id: 2,
      title: 'Spend',
      description: `What the calls that began in the time range cost, all components. ${LOWER_BOUND}`,
      unit: USD,
      width: 4,
      empty: NO_CALLS,
      queries: [rows(`SELECT ${spend}::double precision AS spend\n${CALLS}`)],
    }),
    stat({
      id: 3,
      title: 'Per call',
      description: `Mean cost of the calls that have a cost. ${LOWER_BOUND}`,
      unit: USD,
      decimals: 4,
      width: 4,
      empty: NO_CALLS,
      queries: [rows(`SELECT avg(${m.cost_total})::double precision AS per_call\n${CALLS}`)],
    }),
    stat({
      id: 4,
      title: 'Per minute',
      description: `Spend divided by the minutes of the calls that have a cost. ${LOWER_BOUND}`,
      unit: USD,
      decimals: 4,
      width: 4,
      empty: NO_CALLS,
      queries: [rows(`SELECT ${perMinute} AS per_minute\n${CALLS}\n  AND ${m.cost_total} IS NOT NULL`)],
    }),
    stat({
      id: 5,
      title: 'Projected for 30 days',
      description: 'The spend of the time range, carried on at its pace for 30 days.',
      unit: USD,
      width: 4,
      empty: NO_CALLS,
      queries: [
        rows(
          `SELECT ${spend}::double precision / nullif(extract(epoch FROM ($__timeTo()::timestamptz - $__timeFrom()::timestamptz))::double precision, 0) * 2592000 AS projected\n${CALLS}`,
        ),
      ],
    }),
    stat({
      id: 6,
      title: 'Prompt cache hits',
      description:
        'Share of the prompt tokens that the provider read from its cache, over the calls where it says so. Cached tokens are cheaper.',
      unit: 'percentunit',
      decimals: 1,
      width: 4,
      empty: 'No provider reported cached tokens',
      queries: [rows(`SELECT ${cacheHits} AS cache_hits\n${CALLS}`)],
    }),
    stat({
      id: 7,
      title: 'Calls with unpriced usage',
      description:
        'Share of the calls in which something was used that the price list has no price for. Their cost is a lower bound; what it is, is listed below.',
      unit: 'percentunit',
      decimals: 1,
      width: 4,
      empty: 'No calls in this time range',
      limits: [
        [0, 'green'],
        [0.001, 'orange'],
        [0.05, 'red'],
      ],
      queries: [
        rows(`SELECT avg((cardinality(${m.unpriced}) > 0)::int)::double precision AS unpriced\n${CALLS}`),
      ],
    }),
  ],
};

const overtime = {
  id: 10,
  title: 'Over time',
  panels: [
    lines({
      id: 11,
      title: 'Spend by component',
      description: `Cost of the calls that began in each interval. ${LOWER_BOUND}`,
      unit: USD,
      width: 12,
      empty: NO_CALLS,
      stacked: true,
      interval: '5m',
      queries: [
        timeSeries(
          `SELECT $__timeGroupAlias(${m.started_at}, $__interval),\n  ${parts}\n${CALLS}\nGROUP BY 1\nORDER BY 1`,
        ),
      ],
    }),
    lines({
      id: 12,
      title: 'Cost of a call',
      description: 'Median, 95th percentile and mean of the calls that began in each interval.',
      unit: USD,
      decimals: 4,
      width: 12,
      empty: NO_CALLS,
      interval: '5m',
      queries: [
        timeSeries(
          `SELECT $__timeGroupAlias(${m.started_at}, $__interval),\n  ${percentile(0.5, `${m.cost_total}::double precision`)} AS p50,\n  ${percentile(0.95, `${m.cost_total}::double precision`)} AS p95,\n  avg(${m.cost_total})::double precision AS mean\n${CALLS}\n  AND ${m.cost_total} IS NOT NULL\nGROUP BY 1\nORDER BY 1`,
        ),
      ],
    }),
    lines({
      id: 13,
      title: 'Live spend per hour',
      description:
        'Cost of the calls that are being finalized, as an hourly rate. Not narrowed by service, agent, campaign, provider or model.',
      unit: USD,
      width: 8,
      empty: NO_METRICS,
      stacked: true,
      queries: [
        overTime(
          `sum by (${LABEL.costComponent}) (rate(${counter(METRICS.callCost)}[$__rate_interval])) * 3600`,
          `{{${LABEL.costComponent}}}`,
        ),
      ],
    }),
    lines({
      id: 14,
      title: 'Live tokens',
      description:
        'LLM tokens of the calls that are being finalized, per second. Input is without the cached tokens, so that the types add up.',
      unit: 'suffix: tokens/s',
      width: 8,
      empty: NO_METRICS,
      stacked: true,
      queries: [
        overTime(
          `sum by (${LABEL.tokenType}) (rate(${counter(METRICS.usageTokens)}{${LABEL.provider}=~"$provider", ${LABEL.model}=~"$model"}[$__rate_interval]))`,
          `{{${LABEL.tokenType}}}`,
        ),
      ],
    }),
    lines({
      id: 15,
      title: 'Prompt cache hits',
      description:
        'Share of the prompt tokens that was read from a cache, over the calls where the provider says so.',
      unit: 'percentunit',
      width: 8,
      empty: 'No provider reported cached tokens',
      max: 1,
      interval: '5m',
      queries: [
        timeSeries(
          `SELECT $__timeGroupAlias(${m.started_at}, $__interval),\n  ${cacheHits} AS cache_hits\n${CALLS}\n  AND ${m.llm_cached_tokens} IS NOT NULL\nGROUP BY 1\nORDER BY 1`,
        ),
      ],
    }),
  ],
};

const groupOf = (column: string, name: string) =>
  `SELECT coalesce(${column}, '(none)') AS ${name}, count(*) AS calls, ${minutes} AS minutes,\n  ${spend}::double precision AS spend, avg(${m.cost_total})::double precision AS per_call, ${perMinute} AS per_minute,\n  ${spend}::double precision / nullif(${succeeded}, 0) AS per_success\n${CALLS}\n  AND ${m.cost_total} IS NOT NULL\nGROUP BY 1\nORDER BY spend DESC`;

const GROUP_COLUMNS = [
  { name: 'calls', title: 'Calls', unit: 'short', decimals: 0 },
  { name: 'minutes', title: 'Minutes', unit: 'short', decimals: 1 },
  { name: 'spend', title: 'Spend', bar: true },
  { name: 'per_call', title: 'Per call', decimals: 4 },
  { name: 'per_minute', title: 'Per minute', decimals: 4 },
  { name: 'per_success', title: 'Per success', decimals: 4 },
] as const;

const where = {
  id: 20,
  title: 'Where it goes',
  panels: [
    pie({
      id: 21,
      title: 'By component',
      description: `Spend by what was used: speech-to-text, language model, text-to-speech, minutes of LiveKit and of telephony. ${LOWER_BOUND}`,
      unit: USD,
      decimals: 4,
      width: 8,
      empty: NO_CALLS,
      slices: 'columns',
      queries: [rows(`SELECT ${parts}\n${CALLS}`)],
    }),
    table({
      id: 22,
      title: 'By model',
      description:
        'Cost of the turns by who ran each stage. What a call used outside of its turns, a voicemail greeting for example, is in the spend and not in here.',
      unit: USD,
      decimals: 4,
      width: 16,
      empty: NO_CALLS,
      columns: [
        { name: 'component', title: 'Component', unit: 'string' },
        { name: 'provider', title: 'Provider', unit: 'string' },
        { name: 'model', title: 'Model', unit: 'string' },
        { name: 'turns', title: 'Turns', unit: 'short', decimals: 0 },
        { name: 'quantity', title: 'Used', unit: 'short', decimals: 0 },
        { name: 'quantity_unit', title: 'Of', unit: 'string' },
        { name: 'cost', title: 'Cost', bar: true },
        { name: 'per_turn', title: 'Per turn', decimals: 6 },
      ],
      queries: [
        rows(
          `SELECT c.component, c.provider, c.model, count(*) AS turns, sum(c.quantity) AS quantity,\n  CASE c.component WHEN 'stt' THEN 'seconds' WHEN 'llm' THEN 'tokens' ELSE 'characters' END AS quantity_unit,\n  sum(c.cost)::double precision AS cost, avg(c.cost)::double precision AS per_turn\n${COMPONENTS_OF_TURNS}\nGROUP BY 1, 2, 3\nORDER BY cost DESC NULLS LAST`,
        ),
      ],
    }),
    table({
      id: 23,
      title: 'By agent',
      description: `The calls that have a cost, by agent. Per success: spend of all of them, divided by those that succeeded. ${LOWER_BOUND}`,
      unit: USD,
      width: 12,
      empty: NO_CALLS,
      columns: [{ name: 'agent', title: 'Agent', unit: 'string' }, ...GROUP_COLUMNS],
      queries: [rows(groupOf(m.agent_name, 'agent'))],
    }),
    table({
      id: 24,
      title: 'By campaign',
      description: `The calls that have a cost, by campaign. Per success: spend of all of them, divided by those that succeeded. ${LOWER_BOUND}`,
      unit: USD,
      width: 12,
      empty: NO_CALLS,
      columns: [{ name: 'campaign', title: 'Campaign', unit: 'string' }, ...GROUP_COLUMNS],
      queries: [rows(groupOf(m.campaign_id, 'campaign'))],
    }),
  ],
};

const calls = {
  id: 30,
  title: 'Calls and prices',
  panels: [
    table({
      id: 31,
      title: 'Most expensive calls',
      description: `The 50 calls that cost most. ${LOWER_BOUND}`,
      unit: USD,
      decimals: 4,
      width: 24,
      height: 10,
      empty: NO_CALLS,
      columns: [
        { name: 'time', title: 'Began', unit: 'dateTimeAsIso', width: 180 },
        { name: 'call_id', title: 'Call', unit: 'string', links: [TO_CALL] },
        { name: 'agent_name', title: 'Agent', unit: 'string' },
        { name: 'campaign_id', title: 'Campaign', unit: 'string' },
        { name: 'duration_seconds', title: 'Duration', unit: 's', decimals: 0 },
        { name: 'turn_count', title: 'Turns', unit: 'none', decimals: 0, width: 70 },
        { name: 'cost_total', title: 'Cost', bar: true },
        ...PARTS.map((part) => ({ name: `cost_${part}`, title: part })),
        { name: 'unpriced', title: 'Unpriced', unit: 'string' },
      ],
      queries: [
        rows(
          `SELECT ${m.started_at} AS time, ${m.call_id}, ${m.agent_name}, ${m.campaign_id}, ${m.duration_seconds}, ${m.turn_count},\n  ${m.cost_total}, ${PARTS.map((part) => m[`cost_${part}`]).join(', ')}, array_to_string(${m.unpriced}, ', ') AS unpriced\n${CALLS}\n  AND ${m.cost_total} IS NOT NULL\nORDER BY ${m.cost_total} DESC\nLIMIT 50`,
        ),
      ],
    }),
    table({
      id: 32,
      title: 'Without a price',
      description:
        'What was used and the price list does not know, as component:provider/model. Add its price and run `earshot reprice` to have it in past calls.',
      unit: 'short',
      width: 12,
      empty: 'Everything that was used has a price',
      columns: [
        { name: 'name', title: 'Used', unit: 'string' },
        { name: 'calls', title: 'Calls', bar: true },
        { name: 'last_used', title: 'Last used', unit: 'dateTimeAsIso' },
      ],
      queries: [
        rows(
          `SELECT u.name, count(*) AS calls, max(${m.started_at}) AS last_used\n${callsWith(`CROSS JOIN LATERAL unnest(${m.unpriced}) AS u (name)`)}\nGROUP BY 1\nORDER BY 2 DESC`,
        ),
      ],
    }),
    table({
      id: 33,
      title: 'Price lists',
      description: 'Which price list the costs come from.',
      unit: USD,
      width: 12,
      empty: 'No calls in this time range',
      columns: [
        { name: 'price_list', title: 'Price list', unit: 'string' },
        { name: 'calls', title: 'Calls', unit: 'short' },
        { name: 'spend', title: 'Spend' },
        { name: 'last_call', title: 'Last call', unit: 'dateTimeAsIso' },
      ],
      queries: [
        rows(
          `SELECT ${m.price_list}, count(*) AS calls, ${spend}::double precision AS spend, max(${m.started_at}) AS last_call\n${CALLS}\nGROUP BY 1\nORDER BY 2 DESC`,
        ),
      ],
    }),
  ],
};

/** What do calls cost, and why. */
export const COST = board({
  uid: UID.cost,
  title: 'Voice agents / Cost',
  description: 'What calls cost: by component, model, agent and campaign, and what has no price.',
  variables: [SOURCES.prometheus, SOURCES.postgres, ...SCOPE, JAEGER_URL],
  sections: [glance, overtime, where, calls],
});
