import { COST_DIMENSIONS, type CostDimension, getCostBy } from '../../../exporter/store/views/index.ts';
import { isTagName, TAG_NAME } from '../../../model/tags.ts';
import { UsageError } from '../../command.ts';
import { FILTER_PROPERTIES, filterOf } from '../filter.ts';
import { limitOf, limitProperty, type Tool } from '../tool.ts';

const [MOST, USUAL] = [200, 30];
const TAG = 'tag:';

export const costBy: Tool = {
  name: 'cost_by',
  title: 'Cost by anything',
  description:
    'What calls cost (USD, as text with all places), the dearest first, by one of: ' +
    `${COST_DIMENSIONS.join(', ')}, or ${TAG}NAME for a tag. A cost is a lower bound where something had no price (unpriced_calls). every: the figures are of one call in so many.`,
  properties: {
    ...FILTER_PROPERTIES,
    by: {
      type: 'string',
      maxLength: 80,
      description: `One of ${COST_DIMENSIONS.join(', ')}, or ${TAG}NAME`,
    },
    limit: limitProperty(MOST, USUAL),
  },
  required: ['by'],
  list: 'parts',
  async run(given, context) {
    const by = dimensionOf(String(given.by));
    return getCostBy(context.db, filterOf(given, context), { by, limit: limitOf(given, USUAL) });
  },
};

function dimensionOf(text: string): CostDimension | { tag: string } {
  const dimension = COST_DIMENSIONS.find((name) => name === text);
  if (dimension !== undefined) return dimension;
  const tag = text.startsWith(TAG) ? text.slice(TAG.length) : undefined;
  if (tag === undefined)
    throw new UsageError(`by: saw ${text}, expected one of ${COST_DIMENSIONS.join(', ')}, ${TAG}NAME.`);
  if (isTagName(tag)) return { tag };
  throw new UsageError(`by: saw ${text}, expected a tag's name of ${TAG_NAME}.`);
}
