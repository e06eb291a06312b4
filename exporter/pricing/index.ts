/** `earshot/pricing`: what calls cost, by dated list prices or by the flat rate card. Pure; no clock, no I/O. */
export { CostBreakdown, type CostCentsDict, type CostDict } from './breakdown.ts';
export {
  type BilledAs,
  type CallQuantities,
  type CallUsage,
  type CostAssumptions,
  CostCalculator,
  type CostCalculatorOptions,
  type MinutesUsage,
} from './calculator.ts';
export { PriceFileError } from './field-reader.ts';
export { type FlatRates, PricingConfig, type PricingConfigOptions } from './flat.ts';
export { sumUsd, USD_DECIMAL_PLACES, Usd } from './money.ts';
export {
  type MinutesToPrice,
  type Priced,
  priceMinutes,
  priceStage,
  type StageToPrice,
  type StageUsage,
} from './price.ts';
export type { Confidence, Mode } from './price-file.ts';
export {
  catalogue,
  type Price,
  type PricedModel,
  type PriceList,
  type PriceListOptions,
  type PriceMatch,
  type PriceQuery,
  priceListFrom,
  withOverrides,
} from './price-list.ts';
export type { Rounding } from './rounding.ts';
export type { Component, MinutesComponent, Quantity, Rate, Rates, StageComponent, Unit } from './units.ts';
