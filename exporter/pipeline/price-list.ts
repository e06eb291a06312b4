import { readFile } from 'node:fs/promises';
import type { Settings } from '../../model/settings.ts';
import { parseJsonText } from '../kit/json-text.ts';
import { catalogue, type PriceList, PricingConfig, withOverrides } from '../pricing/index.ts';
import { errorClass } from '../store/errors.ts';

/** The settings that choose a price list. */
export type PriceSettings = Pick<Settings, 'pricing' | 'prices'>;

const chosenList = ({ pricing }: PriceSettings): PriceList =>
  pricing === 'flat' ? new PricingConfig() : catalogue();

/**
 * The price list that the settings choose, with the entries of their price file.
 * @throws Error when the file cannot be read, SyntaxError when it is not JSON, PriceFileError when it is not valid.
 */
export async function readPriceList(settings: PriceSettings): Promise<PriceList> {
  const { prices } = settings;
  if (prices === undefined) return chosenList(settings);
  return withOverrides(chosenList(settings), parseJsonText(await readText(prices)), prices);
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Error(`it cannot be read (${errorClass(error)}).`);
  }
}

/**
 * The price list that the settings choose. A price file that cannot be read or is not valid is reported, and the list
 * is used without it: calls get their rows whatever the prices are.
 */
export async function loadPriceList(
  settings: PriceSettings,
  warn: (message: string) => void,
): Promise<PriceList> {
  try {
    return await readPriceList(settings);
  } catch (error) {
    const list = chosenList(settings);
    const reason = (error instanceof Error ? error.message : String(error)).replace(/\.?$/, '.');
    warn(`EARSHOT_PRICES: ${settings.prices} cannot be used: ${reason} Using ${list.name} without it.`);
    return list;
  }
}
