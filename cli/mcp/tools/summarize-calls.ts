import { callTotals } from '../../../exporter/store/index.ts';
import { totalsJson } from '../../render/totals.ts';
import { FILTER_PROPERTIES, filterOf } from '../filter.ts';
import type { Tool } from '../tool.ts';

export const summarizeCalls: Tool = {
  name: 'summarize_calls',
  title: 'Sum up calls',
  description:
    'What all calls of a choice come to together: the silence before the agent answers (p50, p95, seconds) and the segments it is made of, whose it is in the turns over the target (a setting, a model, the application, the transport), the slowest models, interruptions, outcomes, cost by component.',
  properties: FILTER_PROPERTIES,
  async run(given, context) {
    const targetSeconds = context.settings.latencyTarget / 1_000;
    return totalsJson(await callTotals(context.db, filterOf(given, context), { targetSeconds }));
  },
};
