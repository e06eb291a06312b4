import type { Usage } from '../../../model/facts.ts';
import { at, foreign, quantity } from '../kit/patch.ts';
import { known } from '../kit/usage.ts';

/**
 * Tokens in the words of Gemini, of `generateContent` and of Live. The prompt includes what is cached and what tools gave
 * back; the answer includes the thoughts, which Gemini counts apart.
 */
export function readUsage(metadata: unknown): Usage | undefined {
  const usage = foreign(metadata);
  if (!usage) return undefined;
  const answered = quantity(usage.candidatesTokenCount) ?? quantity(usage.responseTokenCount);
  const thought = quantity(usage.thoughtsTokenCount);
  return known({
    inputTokens: sum(quantity(usage.promptTokenCount), quantity(usage.toolUsePromptTokenCount)),
    cachedInputTokens: quantity(usage.cachedContentTokenCount),
    inputAudioTokens: sum(audio(usage.promptTokensDetails), audio(usage.toolUsePromptTokensDetails)),
    cachedInputAudioTokens: audio(usage.cacheTokensDetails),
    outputTokens: sum(answered, thought),
    outputAudioTokens: audio(usage.candidatesTokensDetails) ?? audio(usage.responseTokensDetails),
    reasoningTokens: thought,
  });
}

/** The sum of what is known. */
const sum = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : a + (b ?? 0);

/** The tokens of audio among details by modality. A modality that they do not name had none. */
function audio(details: unknown): number | undefined {
  if (!Array.isArray(details) || details.length === 0) return undefined;
  const entry: unknown = details.find((one) => at(one, 'modality') === 'AUDIO');
  return entry === undefined ? 0 : quantity(at(entry, 'tokenCount'));
}
