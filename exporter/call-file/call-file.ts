import type { Fact, Micros } from '../../model/facts.ts';
import type { CallLogRow, CallScoreRow, StoredCallMetrics } from '../../model/rows.ts';
import type { RecordingFormat } from '../../recordings/names.ts';
import type { Price, PriceQuery } from '../pricing/index.ts';

/** Of the format that is written. A reader refuses a later one; what it does not know in a line it leaves out. */
export const CALL_FILE_VERSION = 1;

/** What a file may hold, so that reading one needs no more memory than that, whatever it says of itself. */
export const LIMITS = {
  /** Bytes of one line. */
  line: 1 << 20,
  /** Bytes of all lines but those of sound. */
  text: 32 << 20,
  /** Spans, and turns. */
  entries: 100_000,
  /** Prices. */
  prices: 1_000,
  scores: 1_000,
  /** Recordings. */
  sounds: 64,
  /** Bytes of all recordings. */
  sound: 512 << 20,
} as const;

/** A price that the rows were computed with, and what it was found by. */
export interface UsedPrice extends Pick<PriceQuery, 'component' | 'provider' | 'model' | 'streaming'> {
  readonly price: Price;
}

/** A recording in the file. Its bytes are behind everything else. */
export interface SavedSound {
  /** The instant of its first sample. */
  readonly startUs: Micros;
  readonly format: RecordingFormat;
  readonly bytes: number;
}

/** A call as one file: its rows, the spans and prices that they were computed from, and what was recorded. */
export interface CallFile {
  /** The earshot that wrote it. */
  readonly writtenBy: string;
  readonly savedAtUs: Micros;
  /** What was said is in it. */
  readonly content: boolean;
  /** Name of the price list that `prices` are of. */
  readonly priceList: string;
  readonly prices: readonly UsedPrice[];
  readonly metrics: StoredCallMetrics;
  /** In order. */
  readonly turns: readonly CallLogRow[];
  /** By name. */
  readonly scores: readonly CallScoreRow[];
  /** As the journal had them. Empty: they had left it. */
  readonly facts: readonly Fact[];
  readonly sounds: readonly SavedSound[];
}

/** A file is not what `earshot save` writes. The message says what is wrong with it. */
export class CallFileError extends Error {
  override name = 'CallFileError';
}
