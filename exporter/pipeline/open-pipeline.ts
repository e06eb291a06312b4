import { diag } from '@opentelemetry/api';
import { readSettings, type Settings } from '../../model/settings.ts';
import type { PriceList } from '../pricing/price-list.ts';
import type { Database } from '../store/database.ts';
import { Pipeline, type PipelineSettings } from './pipeline.ts';

/** Where rows go and how they are made. Options beat the environment. */
export interface PipelineTarget extends Partial<PipelineSettings> {
  /** URL of PostgreSQL. Secret. (Default: `DATABASE_URL`.) */
  databaseUrl?: string;
  /**
   * An open database instead, which stays the caller's to close. Of one that `openPostgres` opened, the thread that
   * finalizes calls opens one more connection; calls of any other are finalized in this thread.
   */
  database?: Database;
  /** (Default: what `EARSHOT_PRICING` and `EARSHOT_PRICES` choose.) */
  priceList?: PriceList;
}

/**
 * Opens the pipeline that the options and the environment describe. Without a database there is none, and `unset` is
 * said once. A bad value of the environment is reported and replaced by its default.
 */
export function openPipeline(
  { database, priceList, ...overrides }: PipelineTarget & Partial<Settings>,
  unset: string,
): { pipeline: Pipeline | undefined; settings: Settings } {
  const settings = readSettings({ overrides, warn: (message) => diag.warn(`earshot: ${message}`) });
  const target = database ?? settings.databaseUrl;
  if (target === undefined) {
    diag.warn(unset);
    return { pipeline: undefined, settings };
  }
  const pipeline = new Pipeline({
    database: target,
    settings,
    ...(priceList !== undefined && { priceList }),
  });
  return { pipeline, settings };
}
