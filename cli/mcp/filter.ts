import type { CallFilter } from '../../exporter/store/index.ts';
import { OUTCOMES } from '../../model/vocabulary.ts';
import { UsageError } from '../command.ts';
import { FILTER_OPTIONS, readFilter } from '../filter-options.ts';
import { TIME_HELP } from '../time-option.ts';
import type { Tool, ToolContext } from './tool.ts';

const MOST_VALUES = 20;
const text = { type: 'string', minLength: 1, maxLength: 256 };

const DESCRIPTIONS: Readonly<Record<keyof typeof FILTER_OPTIONS, string>> = {
  since: `Calls that started then or later, in UTC: ${TIME_HELP}`,
  until: 'Calls that started before then',
  tenant: 'Of one of these tenants',
  agent: 'Of one of these agents',
  campaign: 'Of one of these campaigns',
  customer: 'For one of these customers, in the ids of the application',
  service: 'Of one of these agent programs (service.name)',
  'service-version': 'Of one of these versions of the program',
  environment: 'In one of these environments, such as production',
  tag: 'With all of these tags, each as name=value',
  provider: 'In which a stage used one of these providers',
  model: 'In which a stage used one of these models',
  outcome: `With one of these outcomes: ${OUTCOMES.join(', ')}, unknown`,
  'min-silence': 'In which the user waited so long at least once: 800ms, 1.5s',
  'min-cost': 'That cost so many USD or more: 0.05',
  interrupted: 'In which the user interrupted the agent',
  unpriced: 'Of which something had no price',
};

/** `min-silence` as `min_silence`: models name arguments as programs do. */
const argumentOf = (option: string): string => option.replaceAll('-', '_');

/** The options of `earshot report` that say which calls are meant, as arguments. */
export const FILTER_PROPERTIES: Tool['properties'] = Object.fromEntries(
  Object.entries(FILTER_OPTIONS).map(([option, kind]) => {
    const description = DESCRIPTIONS[option as keyof typeof FILTER_OPTIONS];
    if (kind.type === 'boolean') return [argumentOf(option), { type: 'boolean', description }];
    if ('multiple' in kind)
      return [argumentOf(option), { type: 'array', items: text, maxItems: MOST_VALUES, description }];
    return [argumentOf(option), { ...text, description }];
  }),
);

/** The options of a command that arguments mean. */
export const optionsOf = (given: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.keys(FILTER_OPTIONS).flatMap((option) => {
      const value = given[argumentOf(option)];
      return value === undefined ? [] : [[option, value]];
    }),
  );

/**
 * The calls that arguments mean, of those that may be seen.
 * @throws UsageError for a value that cannot be, or a tenant that may not be seen.
 */
export function filterOf(given: Readonly<Record<string, unknown>>, { tenants }: ToolContext): CallFilter {
  const filter = readFilter(optionsOf(given), true);
  return { ...filter, ...tenantsOf(filter.tenant, tenants) };
}

/** Those of the tenants that are asked for and may be seen. @throws UsageError where none is left. */
export function tenantsOf(
  asked: readonly string[] | undefined,
  allowed: readonly string[] | undefined,
): Pick<CallFilter, 'tenant'> {
  if (allowed === undefined) return asked === undefined ? {} : { tenant: asked };
  const tenant = asked === undefined ? allowed : asked.filter((name) => allowed.includes(name));
  if (tenant.length > 0) return { tenant };
  throw new UsageError(`tenant: expected one of ${allowed.join(', ')}.`);
}
