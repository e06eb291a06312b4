import type { Usage } from './facts.ts';
import { USAGE_COLUMNS, type UsageColumn } from './rows.ts';
import { ATTR } from './semconv.ts';
import type { StageKind } from './vocabulary.ts';

/** A billable quantity: where it stands in a span, how much of it there can be, and the columns that sum it. */
interface Quantity {
  /** The attribute that has it. Absent: no span says it, it is concluded from others. */
  readonly attribute?: string;
  /** More than that of one stage is a wrong unit, or a forgery. */
  readonly most: number;
  /** By the kind of the stages whose quantities the column sums. */
  readonly columns?: { readonly [Kind in StageKind]?: UsageColumn };
}

/** The quantities of `Usage`. */
export type QuantityName = Exclude<keyof Usage, 'estimated'>;

const TOKENS = 1e9;

/** Every quantity, once: the checks of what is told, attributes of spans, plausible facts and sums of rows come from here. */
export const QUANTITIES = {
  inputTokens: { attribute: ATTR.inputTokens, most: TOKENS, columns: { llm: 'llm_input_tokens' } },
  cachedInputTokens: {
    attribute: ATTR.cachedInputTokens,
    most: TOKENS,
    columns: { llm: 'llm_cached_tokens' },
  },
  cacheCreationInputTokens: { attribute: ATTR.cacheCreationInputTokens, most: TOKENS },
  longCacheCreationInputTokens: { attribute: ATTR.longCacheCreationInputTokens, most: TOKENS },
  inputAudioTokens: { attribute: ATTR.inputAudioTokens, most: TOKENS },
  cachedInputAudioTokens: { attribute: ATTR.cachedInputAudioTokens, most: TOKENS },
  outputTokens: { attribute: ATTR.outputTokens, most: TOKENS, columns: { llm: 'llm_output_tokens' } },
  outputAudioTokens: { attribute: ATTR.outputAudioTokens, most: TOKENS },
  reasoningTokens: { attribute: ATTR.reasoningTokens, most: TOKENS },
  unexplainedTokens: { most: TOKENS },
  characters: { attribute: ATTR.usageCharacters, most: 1e9, columns: { tts: 'tts_characters' } },
  /** At most a week: no conversation lasts longer. */
  audioSeconds: {
    attribute: ATTR.usageAudioSeconds,
    most: 7 * 86_400,
    columns: { stt: 'stt_audio_seconds', tts: 'tts_audio_seconds' },
  },
} as const satisfies Readonly<Record<QuantityName, Quantity>>;

const quantities: readonly (readonly [QuantityName, Quantity])[] = Object.entries(QUANTITIES) as [
  QuantityName,
  Quantity,
][];

/** The quantities that a span can say, with the attributes that have them. */
export const USAGE_ATTRIBUTES: readonly (readonly [QuantityName, string])[] = quantities.flatMap(
  ([name, { attribute }]) => (attribute === undefined ? [] : [[name, attribute] as const]),
);

/** What each usage column sums, in the order of the columns. */
export const USAGE_SUMS: readonly {
  readonly column: UsageColumn;
  readonly stage: StageKind;
  readonly quantity: QuantityName;
}[] = (Object.keys(USAGE_COLUMNS) as UsageColumn[]).flatMap((column) =>
  quantities.flatMap(([quantity, { columns = {} }]) =>
    (Object.entries(columns) as [StageKind, UsageColumn][]).flatMap(([stage, summed]) =>
      summed === column ? [{ column, stage, quantity }] : [],
    ),
  ),
);
