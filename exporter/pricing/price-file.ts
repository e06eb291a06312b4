import type { Micros } from '../../model/facts.ts';
import { FieldReader, PriceFileError } from './field-reader.ts';
import { type Metering, ROUNDINGS, type Rounding } from './rounding.ts';
import { COMPONENTS, type Component, isUnit, type Quantity, type Rate, type Rates, UNITS } from './units.ts';

/** Speech-to-text of a live stream, or of a recording. */
export type Mode = 'streaming' | 'batch';

/** A: two independent sources agree. B: one good dated source. C: secondary, undated or ageing. */
export type Confidence = 'A' | 'B' | 'C';

/** Rates of requests with more input tokens than a limit, for all of their tokens. */
export interface LongPrompt {
  readonly aboveInputTokens: number;
  readonly rates: Rates;
}

/** A price as it stood from one day on, until the next one of its entry. */
export interface DatedPrice {
  /** First day (from 00:00 UTC) on which the price is known to have held, `YYYY-MM-DD`. */
  readonly validFrom: string;
  readonly validFromUs: Micros;
  /** The price is assumed to have held since then, although no source says so. Absent: it is not. */
  readonly assumedFromUs?: Micros;
  readonly rates: Rates;
  /** The rates of a request with a long prompt. Absent: they are the same. */
  readonly longPrompt?: LongPrompt;
  /** Rates of the service tiers that have their own, by name. */
  readonly serviceTiers: ReadonlyMap<string, Rates>;
  /** Where the price is from. */
  readonly source: string;
  /** The day the source was last looked at, `YYYY-MM-DD`. */
  readonly checkedOn: string;
  readonly confidence: Confidence;
}

/** What one provider charges for one model. */
export interface PriceEntry extends Metering {
  readonly component: Component;
  /** Lower case. Names that share the price; the first is the one shown. */
  readonly models: readonly string[];
  /** Absent: the same price for both modes. */
  readonly mode?: Mode;
  /** Oldest first. Empty: the model is known and its price is not, so that no shorter name prices it. */
  readonly history: readonly DatedPrice[];
}

/** A validated price file. */
export interface ProviderPrices {
  readonly provider: string;
  /** Other names under which the provider is reported, lower case. */
  readonly aliases: readonly string[];
  /**
   * Whose prices hold for models that this file does not have: those of these providers, or of the vendor whose name
   * is before the model's (`openai/gpt-4.1-mini`).
   */
  readonly pricedAs: readonly string[] | 'vendor';
  /** The day the file was last changed, `YYYY-MM-DD`. */
  readonly revisedOn?: string;
  readonly entries: readonly PriceEntry[];
}

/**
 * Validates one price file, whose format is in `docs/pricing.md`. Fields that are not part of the format are refused:
 * a misspelt minimum would be a wrong price.
 *
 * @param content - the parsed JSON
 * @param file - its name, for errors
 * @throws PriceFileError naming file, model and field
 */
export function parsePriceFile(content: unknown, file: string): ProviderPrices {
  const top = new FieldReader(file, undefined, '', content, [
    'provider',
    'aliases',
    'priced_as',
    'revised_on',
    'note',
    'entries',
  ]);
  const provider = top.name('provider');
  const aliases = top.has('aliases') ? top.names('aliases') : [];
  const entries = top.list('entries').map((entry, index) => parseEntry(entry, file, `entries[${index}]`));
  refuseSecondPrice(entries, file);
  const revisedOn = top.has('revised_on') ? top.day('revised_on') : undefined;
  return {
    provider,
    aliases,
    pricedAs: pricedAs(top),
    ...(revisedOn !== undefined && { revisedOn }),
    entries,
  };
}

function pricedAs(top: FieldReader): readonly string[] | 'vendor' {
  if (!top.has('priced_as')) return [];
  return top.value('priced_as') === 'vendor' ? 'vendor' : top.names('priced_as');
}

function parseEntry(content: unknown, file: string, path: string): PriceEntry {
  const models = new FieldReader(file, undefined, path, content).names('models');
  if (models.length === 0) {
    throw new PriceFileError(file, undefined, `${path}.models`, 'expected at least one name');
  }
  // From here on errors can name the model.
  const entry: FieldReader = new FieldReader(file, models[0], '', content, [
    'component',
    'models',
    'mode',
    'minimum_billed_seconds',
    'rounding',
    'note',
    'history',
  ]);
  const component = entry.oneOf('component', COMPONENTS);
  const history = entry
    .list('history')
    .map((dated, index) => parseDated(dated, file, models[0], component, `history[${index}]`));
  history.forEach((dated, index) => {
    if (index > 0 && dated.assumedFromUs !== undefined) {
      entry.fail(
        `history[${index}].assumed_from`,
        'expected in the first price only: the one before holds until then',
      );
    }
    const before = history[index - 1];
    if (before === undefined || before.validFrom < dated.validFrom) return;
    entry.fail(
      `history[${index}].valid_from`,
      `saw ${dated.validFrom} after ${before.validFrom}, expected a later day: a new price is appended`,
    );
  });
  return {
    component,
    models,
    ...(entry.has('mode') && { mode: entry.oneOf('mode', ['streaming', 'batch'] as const) }),
    rounding: entry.has('rounding') ? entry.oneOf('rounding', ROUNDINGS) : ('none' satisfies Rounding),
    ...(entry.has('minimum_billed_seconds') && {
      minimumBilledSeconds: entry.amount('minimum_billed_seconds'),
    }),
    history,
  };
}

function parseDated(
  content: unknown,
  file: string,
  model: string | undefined,
  component: Component,
  path: string,
): DatedPrice {
  const dated = new FieldReader(file, model, path, content, [
    'valid_from',
    'assumed_from',
    'prices',
    'long_prompt',
    'service_tiers',
    'source',
    'checked_on',
    'confidence',
    'note',
  ]);
  const validFrom = dated.day('valid_from');
  const assumedFrom = dated.has('assumed_from') ? dated.day('assumed_from') : undefined;
  if (assumedFrom !== undefined && assumedFrom >= validFrom) {
    dated.fail('assumed_from', `saw ${assumedFrom}, expected a day before ${validFrom}`);
  }
  const rates = (content: unknown, at: string): Rates =>
    parseRates(content, file, model, component, `${path}.${at}`);
  const tiers = dated.has('service_tiers')
    ? new FieldReader(file, model, `${path}.service_tiers`, dated.value('service_tiers'))
    : undefined;
  return {
    validFrom,
    validFromUs: microsOf(validFrom),
    ...(assumedFrom !== undefined && { assumedFromUs: microsOf(assumedFrom) }),
    rates: rates(dated.value('prices'), 'prices'),
    ...(dated.has('long_prompt') && { longPrompt: longPrompt(dated.value('long_prompt')) }),
    serviceTiers: new Map(
      tiers?.keys().map((name) => [name.toLowerCase(), rates(tiers.value(name), `service_tiers.${name}`)]),
    ),
    source: dated.text('source'),
    checkedOn: dated.day('checked_on'),
    confidence: dated.oneOf('confidence', ['A', 'B', 'C'] as const),
  };

  function longPrompt(content: unknown): LongPrompt {
    const long = new FieldReader(file, model, `${path}.long_prompt`, content, [
      'above_input_tokens',
      'prices',
    ]);
    return {
      aboveInputTokens: long.count('above_input_tokens'),
      rates: rates(long.value('prices'), 'long_prompt.prices'),
    };
  }
}

const microsOf = (day: string): Micros => Date.parse(day) * 1_000;

function parseRates(
  content: unknown,
  file: string,
  model: string | undefined,
  component: Component,
  path: string,
): Rates {
  const prices: FieldReader = new FieldReader(file, model, path, content);
  const rates: Partial<Record<Quantity, Rate>> = {};
  for (const name of prices.keys()) {
    if (!isUnit(name)) prices.fail(name, `unknown unit, expected one of ${Object.keys(UNITS).join(', ')}`);
    const { quantity, per, of } = UNITS[name];
    if (!(of as readonly Component[]).includes(component)) prices.fail(name, `not a unit of ${component}`);
    if (rates[quantity]) prices.fail(name, 'a second price for the same quantity');
    rates[quantity] = { price: prices.amount(name), per };
  }
  const tokens = (Object.keys(rates) as Quantity[]).filter((quantity) => quantity.endsWith('Tokens'));
  if (tokens.length > 0 && !(rates.inputTokens && rates.outputTokens)) {
    prices.fail('', 'a price of tokens needs per_million_input_tokens and per_million_output_tokens');
  }
  if (prices.keys().length === 0) prices.fail('', 'expected at least one unit');
  return rates;
}

/** One model, component and mode has one history: two would overlap, and the order of the file would decide. */
function refuseSecondPrice(entries: readonly PriceEntry[], file: string): void {
  const seen = new Set<string>();
  for (const { component, models, mode } of entries) {
    for (const model of models) {
      for (const each of mode === undefined ? ['streaming', 'batch'] : [mode]) {
        const key = `${component} ${each} ${model}`;
        if (seen.has(key)) {
          throw new PriceFileError(file, model, 'models', `a second entry for ${component}, ${each}`);
        }
        seen.add(key);
      }
    }
  }
}
