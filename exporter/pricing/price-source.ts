import { PRICE_FILES } from '../generated/prices.ts';

/** Where a price of the catalogue is from. */
export interface PriceSource {
  /** First day on which the price is known to have held, `YYYY-MM-DD`. */
  validFrom: string;
  source: string;
  /** The day on which the source was last looked at, `YYYY-MM-DD`. */
  checkedOn: string;
  /** What is charged, by unit, in USD. */
  prices: Readonly<Record<string, string>>;
}

interface RawFile {
  provider: string;
  entries: readonly {
    component: string;
    models: readonly string[];
    mode?: string;
    history: readonly {
      valid_from: string;
      source: string;
      checked_on: string;
      prices: Readonly<Record<string, string>>;
    }[];
  }[];
}

let sources: ReadonlyMap<string, PriceSource> | undefined;

/** Of the price that a cost came from (`Priced.entry`). Undefined for a price that is none of the catalogue's. */
export function priceSource(entry: string): PriceSource | undefined {
  sources ??= new Map((PRICE_FILES as readonly RawFile[]).flatMap(sourcesIn));
  return sources.get(entry);
}

const sourcesIn = ({ provider, entries }: RawFile): [string, PriceSource][] =>
  entries.flatMap(({ component, models, mode, history }) =>
    history.map(({ valid_from, source, checked_on, prices }): [string, PriceSource] => [
      `${component}:${provider}/${[models[0], mode].filter(Boolean).join(':')}@${valid_from}`,
      { validFrom: valid_from, source, checkedOn: checked_on, prices },
    ]),
  );
