import { listSlowTurns } from '../../../exporter/store/views/index.ts';
import { FILTER_PROPERTIES, filterOf } from '../filter.ts';
import { limitOf, limitProperty, type Tool } from '../tool.ts';
import { explainedTurn } from '../turn.ts';

const [MOST, USUAL] = [50, 10];

export const slowTurns: Tool = {
  name: 'slow_turns',
  title: 'Slowest turns',
  description:
    'The turns with the longest silence before the agent answered (eou_latency, seconds), the longest first, each cut into segments that add up to it, with the owner of each part: a setting, a model, the application or the transport.',
  properties: {
    ...FILTER_PROPERTIES,
    at_least_seconds: { type: 'number', minimum: 0, description: 'Silences of less are left out' },
    limit: limitProperty(MOST, USUAL),
  },
  list: 'turns',
  async run(given, context) {
    const { at_least_seconds: atLeast } = given;
    const turns = await listSlowTurns(context.db, filterOf(given, context), {
      limit: limitOf(given, USUAL),
      ...(typeof atLeast === 'number' && { atLeastSeconds: atLeast }),
    });
    return { turns: turns.map((row) => explainedTurn(row, context.content, 'list')) };
  },
};
