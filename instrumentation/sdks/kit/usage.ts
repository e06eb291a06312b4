import type { Usage } from '../../../model/facts.ts';

/** The quantities that are known; undefined when none is. */
export function known(usage: { readonly [Unit in keyof Usage]: Usage[Unit] | undefined }): Usage | undefined {
  const quantities = Object.entries(usage).filter(([, quantity]) => quantity !== undefined);
  return quantities.length === 0 ? undefined : (Object.fromEntries(quantities) as Usage);
}

/**
 * Counts as every other part of earshot has them: what was cached is part of the input, reasoning part of the output.
 * Some services report the one or the other net, which the counts themselves prove: a part is more than its whole, or all
 * is more than the sum of both.
 *
 * @param total All tokens of the request, where the service reports that.
 */
export function gross(usage: Usage | undefined, total?: number): Usage | undefined {
  const { inputTokens: input, outputTokens: output } = usage ?? {};
  if (!usage || input === undefined || output === undefined) return usage;
  const { cachedInputTokens = 0, cacheCreationInputTokens = 0, reasoningTokens: reasoning = 0 } = usage;
  const cached = cachedInputTokens + cacheCreationInputTokens;
  const unnamed = Math.max(0, (total ?? 0) - input - output);
  const inputIsNet =
    cached > input || (unnamed > 0 && (unnamed === cached || unnamed === cached + reasoning));
  // What nothing else explains was generated and not counted: the thoughts of Gemini under the API of OpenAI.
  const thought =
    Math.max(0, inputIsNet ? unnamed - cached : unnamed) || (reasoning > output ? reasoning : 0);
  return {
    ...usage,
    ...(inputIsNet && { inputTokens: input + cached }),
    ...(thought > 0 && { outputTokens: output + thought, reasoningTokens: Math.max(reasoning, thought) }),
  };
}

/** English text has about four characters a token with the tokenisers of today's models. */
const CHARACTERS_PER_TOKEN = 4;

/** Tokens of a text without a count: a quarter of its characters, rounded up. `Hello there` gives 3. */
export const estimateTokens = (characters: number): number => Math.ceil(characters / CHARACTERS_PER_TOKEN);
