import type { CallFilter } from '../exporter/store/index.ts';
import { isTagName } from '../model/tags.ts';
import { OUTCOMES } from '../model/vocabulary.ts';
import { UsageError } from './command.ts';
import { readDuration } from './duration-option.ts';
import { readTime, TIME_HELP } from './time-option.ts';

const several = { type: 'string', multiple: true } as const;

/** Options that say which calls are meant by what they are, and not by how they went. */
export const CHOICE_OPTIONS = {
  tenant: several,
  agent: several,
  campaign: several,
  customer: several,
  service: several,
  'service-version': several,
  environment: several,
  tag: several,
  provider: several,
  model: several,
  since: { type: 'string' },
  until: { type: 'string' },
} as const;

/** Options that say which calls are meant, the same in every command that takes calls. */
export const FILTER_OPTIONS = {
  ...CHOICE_OPTIONS,
  outcome: several,
  'min-silence': { type: 'string' },
  'min-cost': { type: 'string' },
  interrupted: { type: 'boolean' },
  unpriced: { type: 'boolean' },
} as const;

/** What the first of them do, for the help of a command. */
export const CHOICE_HELP = `\
  --since TIME         calls that started then or later. TIME is ${TIME_HELP}
  --until TIME         calls that started before then
  --agent NAME         also --campaign ID, --customer ID, --service NAME, --service-version VERSION,
                       --environment NAME, --tenant NAME. Any of them again: one or the other
  --tag NAME=VALUE     calls with this tag; again: with all of them
  --provider NAME      calls in which a stage used it; with --model NAME: one stage used both`;

/** What all of them do. */
export const FILTER_HELP = `\
${CHOICE_HELP}
  --outcome WORD       ${OUTCOMES.join(', ')}, or unknown
  --min-silence TIME   calls in which the user waited so long at least once: 800ms, 1.5s
  --min-cost USD       calls that cost so much or more
  --interrupted        calls in which the user interrupted the agent
  --unpriced           calls of which something had no price`;

type Given = Readonly<Record<string, unknown>>;

/** @throws UsageError for a value that an option cannot have. */
export function readFilter(options: Given, utc = false): CallFilter {
  const filter: CallFilter = {};
  const since = readTime('since', options.since, utc);
  const until = readTime('until', options.until, utc);
  if (since !== undefined) filter.since = since;
  if (until !== undefined) filter.until = until;
  if (since !== undefined && until !== undefined && until <= since)
    throw new UsageError('--until is not after --since: no call can be between them.');
  for (const [option, name] of Object.entries(NAMES)) {
    const values = texts(option, options[option]);
    if (values.length > 0) filter[name] = values;
  }
  const outcomes = texts('outcome', options.outcome).map(outcomeOf);
  if (outcomes.length > 0) filter.outcome = outcomes;
  const tags = texts('tag', options.tag).map(tagOf);
  if (tags.length > 0) filter.tags = Object.fromEntries(tags);
  if (typeof options['min-silence'] === 'string')
    filter.minSilence = readDuration('--min-silence', options['min-silence']);
  if (typeof options['min-cost'] === 'string') filter.minCost = usdOf(options['min-cost']);
  if (options.interrupted === true) filter.interrupted = true;
  if (options.unpriced === true) filter.unpriced = true;
  return filter;
}

const NAMES = {
  tenant: 'tenant',
  agent: 'agent',
  campaign: 'campaign',
  customer: 'customer',
  service: 'service',
  'service-version': 'serviceVersion',
  environment: 'environment',
  provider: 'provider',
  model: 'model',
} as const;

function texts(option: string, given: unknown): string[] {
  if (!Array.isArray(given)) return [];
  if (given.includes('')) throw new UsageError(`--${option}: saw nothing, expected a name.`);
  return given;
}

function outcomeOf(text: string): NonNullable<CallFilter['outcome']>[number] {
  const outcome = OUTCOMES.find((word) => word === text.toUpperCase().replace('-', '_'));
  if (outcome !== undefined) return outcome;
  if (text.toLowerCase() === 'unknown') return 'unknown';
  throw new UsageError(`--outcome: saw ${text}, expected one of ${OUTCOMES.join(', ')}, unknown.`);
}

function tagOf(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  const [name, value] = [text.slice(0, at), text.slice(at + 1)];
  if (at > 0 && value !== '' && isTagName(name)) return [name, value];
  throw new UsageError(`--tag: saw ${text}, expected a name and a value such as plan=gold.`);
}

function usdOf(text: string): string {
  const amount = /^\$?(\d{1,12}(?:\.\d{1,20})?|\.\d{1,20})$/.exec(text)?.[1];
  if (amount !== undefined) return amount;
  throw new UsageError(`--min-cost: saw ${text}, expected an amount of USD such as 0.05.`);
}
