import { CALL_SORTS, type CallSort, selectCalls } from '../../../exporter/store/index.ts';
import type { StoredCallMetrics } from '../../../model/rows.ts';
import { FILTER_PROPERTIES, filterOf } from '../filter.ts';
import { limitOf, limitProperty, type Tool } from '../tool.ts';

const SORTS = Object.keys(CALL_SORTS) as CallSort[];
const [MOST, USUAL] = [100, 20];

const SHOWN = [
  ...(['tenant', 'call_id', 'started_at', 'duration_seconds', 'agent_name', 'service_name'] as const),
  ...(['service_version', 'direction', 'turn_count', 'eou_latency_p50', 'eou_latency_p95'] as const),
  ...(['eou_latency_max', 'interruption_count', 'unanswered_count', 'outcome', 'end_reason'] as const),
  ...(['sentiment_label', 'cost_total', 'unpriced'] as const),
] satisfies readonly (keyof StoredCallMetrics)[];

export const findCalls: Tool = {
  name: 'find_calls',
  title: 'Find calls',
  description:
    'Lists finished calls with their main figures: silence before the agent answers (eou_latency, seconds), interruptions, outcome, cost (USD; a lower bound where unpriced is not empty). Give a call_id to explain_call for the details.',
  properties: {
    ...FILTER_PROPERTIES,
    sort: {
      type: 'string',
      enum: SORTS,
      description: 'The latest, dearest, longest first (default started)',
    },
    limit: limitProperty(MOST, USUAL),
  },
  list: 'calls',
  async run(given, context) {
    const sort = SORTS.find((word) => word === given.sort);
    const limit = limitOf(given, USUAL);
    const calls = await selectCalls(context.db, filterOf(given, context), { limit, ...(sort && { sort }) });
    return {
      calls: calls.map((call) => Object.fromEntries(SHOWN.map((name) => [name, call[name]]))),
    };
  },
};
