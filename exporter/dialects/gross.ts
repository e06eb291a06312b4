import type { Usage } from '../../model/facts.ts';

/** Token counts as a span has them: some are gross and some are net of their parts, and few say which. */
export type TokenCounts = Pick<
  Usage,
  | 'inputTokens'
  | 'cachedInputTokens'
  | 'cacheCreationInputTokens'
  | 'longCacheCreationInputTokens'
  | 'inputAudioTokens'
  | 'cachedInputAudioTokens'
  | 'outputTokens'
  | 'outputAudioTokens'
  | 'reasoningTokens'
> & {
  /** The total as it was reported. It proves what the others hold; no row shows it. */
  totalTokens?: number;
};

/** How a source counts, where that is known of it. */
export interface Counting {
  /** The prompt is reported without the tokens that were read from or written to a cache (Anthropic's API). */
  readonly promptIsNet?: boolean | undefined;
  /** The answer is reported without its reasoning (Gemini's API). */
  readonly answerIsNet?: boolean | undefined;
  /** Tokens of the total that no count explains were thoughts, which are billed as output (Gemini, Grok). */
  readonly restIsThoughts?: boolean | undefined;
}

/**
 * Makes counts gross, as `Usage` has them: cached and written tokens are part of the input, reasoning is part of the
 * output. The only place where that is decided, for every dialect. Counts are net where
 *
 * - they cannot be gross: more cached and written tokens than input, more reasoning than output;
 * - the total shows it: it is input and output and just these parts;
 * - the source is known to count so.
 *
 * Where the total is larger than all that explains, tokens were used that no count names: `unexplainedTokens`, for which
 * no cost is right.
 *
 * Input 3, cached 7,917, written 350 → input 8,270. Output 100, reasoning 400, input 1,000, total 1,500 → output 500.
 */
export function grossUsage(counts: TokenCounts, counting: Counting = {}): Usage {
  const { totalTokens: total, ...usage } = counts;
  const { inputTokens: input, outputTokens: output, cachedInputTokens: cached = 0 } = usage;
  const { cacheCreationInputTokens: written = 0, reasoningTokens: reasoning = 0 } = usage;
  const known = input !== undefined && output !== undefined;
  const rest = total !== undefined && known ? Math.max(0, total - input - output) : 0;
  const proof = rest === 0 ? undefined : explain(rest, { cached, written, reasoning });

  const promptIsNet = cached + written > (input ?? 0) || counting.promptIsNet === true;
  const addedInput = promptIsNet ? cached + written : (proof?.input ?? 0);
  const answerIsNet = reasoning > (output ?? 0) || (counting.answerIsNet === true && total === undefined);
  const addedOutput = answerIsNet ? reasoning : (proof?.output ?? 0);

  const left = Math.max(0, rest - addedInput - addedOutput);
  const thoughts = counting.restIsThoughts === true ? left : 0;
  const gross: Usage = usage;
  if (input !== undefined) gross.inputTokens = input + addedInput;
  if (output !== undefined) gross.outputTokens = output + addedOutput + thoughts;
  if (thoughts > 0) gross.reasoningTokens = reasoning + thoughts;
  if (left > thoughts) gross.unexplainedTokens = left;
  return gross;
}

/** Which parts a total counts beside input and output: those that add up to the rest. Undefined: none do. */
function explain(
  rest: number,
  { cached, written, reasoning }: { cached: number; written: number; reasoning: number },
): { input: number; output: number } | undefined {
  for (const output of [0, reasoning]) {
    for (const input of [cached + written, cached, written, 0]) {
      if (input + output === rest) return { input, output };
    }
  }
  return undefined;
}
