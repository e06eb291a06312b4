import { readFile } from 'node:fs/promises';
import type { Settings } from '../../settings.ts';
import { catalogue, type PriceList, PricingConfig, withOverrides } from '../pricing/index.ts';

/**
 * The price list that the settings choose. A price file that cannot be read or is not valid is reported, and the list
 * is used without it: calls get their rows whatever the prices are.
 */
export async function loadPriceList(
  { pricing, prices }: Pick<Settings, 'pricing' | 'prices'>,
  warn: (message: string) => void,
): Promise<PriceList> {
  const list = pricing === 'flat' ? new PricingConfig() : catalogue();
  if (prices === undefined) return list;
  try {
    return withOverrides(list, JSON.parse(await readFile(prices, 'utf8')), prices);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    warn(`EARSHOT_PRICES: ${prices} cannot be used: ${reason} Using ${list.name} without it.`);
    return list;
  }
}
