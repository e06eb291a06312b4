import { comparingSelections, isSame } from '../../../exporter/comparison/selections.ts';
import { finished } from '../../../exporter/statistics/pieces.ts';
import { type CallSamples, getCallSamples } from '../../../exporter/store/views/index.ts';
import { CommandError, UsageError } from '../../command.ts';
import { filterOfSelection } from '../../selection.ts';
import { FILTER_PROPERTIES, optionsOf, tenantsOf } from '../filter.ts';
import type { Tool, ToolContext } from '../tool.ts';

const side = (which: string) => ({
  type: 'string',
  minLength: 1,
  maxLength: 512,
  description: `${which}: NAME=VALUE with one or several of version, model, provider, agent, campaign, tag …; last 7d; or FROM..UNTIL such as 14d..7d. With spaces between`,
});

export const compareCalls: Tool = {
  name: 'compare_calls',
  title: 'Compare calls',
  description:
    'What is different between two selections of calls (two versions, models, times …), and what of it is chance: each figure of silence, its segments, cost, interruptions, outcomes and scores in A and in B, the difference with its 95 % interval, a judgment, and a verdict in a sentence. The other arguments choose calls of both sides.',
  properties: { ...FILTER_PROPERTIES, a: side('Calls of side A'), b: side('Calls of side B') },
  required: ['a', 'b'],
  list: 'figures',
  async run(given, context) {
    const [a, b] = [await samplesOf('a', given, context), await samplesOf('b', given, context)];
    for (const [name, { calls }] of Object.entries({ a, b }))
      if (calls === 0) throw new CommandError(`${name}: no call matches ${String(given[name])}.`);
    if (isSame(a, b)) throw new UsageError('a and b are the same calls.');
    const { verdict, figures, notes } = finished(comparingSelections(a, b));
    return { verdict, a: sizeOf(a), b: sizeOf(b), figures, notes };
  },
};

function samplesOf(
  name: string,
  given: Readonly<Record<string, unknown>>,
  { db, tenants }: ToolContext,
): Promise<CallSamples> {
  const filter = filterOfSelection(name, String(given[name]), optionsOf(given), true);
  return getCallSamples(db, { ...filter, ...tenantsOf(filter.tenant, tenants) });
}

const sizeOf = ({ calls, every, samples }: CallSamples) => ({ calls, every, compared: samples.length });
