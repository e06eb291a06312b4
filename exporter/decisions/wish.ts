import type { Swaps } from './costs.ts';

/** What is to be different. */
export interface Wish extends Swaps {
  /** Seconds after which a turn is committed. */
  readonly endpointing?: number | undefined;
  /** What that is set to now, in seconds. (Default: the median of what was measured.) */
  readonly endpointingNow?: number | undefined;
}

/** A wish of what was given; undefined where nothing would be different. */
export function wishFor({
  stt,
  llm,
  tts,
  endpointing,
  endpointingNow,
}: { readonly [Name in keyof Wish]: Wish[Name] | undefined }): Wish | undefined {
  if (!stt && !llm && !tts && endpointing === undefined) return undefined;
  return {
    ...(stt && { stt }),
    ...(llm && { llm }),
    ...(tts && { tts }),
    ...(endpointing !== undefined && { endpointing }),
    ...(endpointingNow !== undefined && { endpointingNow }),
  };
}
