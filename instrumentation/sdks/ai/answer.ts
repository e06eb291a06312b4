import type { Usage } from '../../../model/facts.ts';
import { at, type Foreign, foreign, modelName, objects, quantity, text } from '../kit/patch.ts';
import { ModelAnswer } from '../kit/requests/model-answer.ts';
import { gross, known } from '../kit/usage.ts';

/** An answer as the AI SDK has it of a language model of any provider: parts of a stream, or the whole. */
export class AiAnswer extends ModelAnswer {
  protected override read(item: Foreign): boolean {
    return Array.isArray(item.content) ? this.#readWhole(item) : this.#readPart(item);
  }

  #readPart(part: Foreign): boolean {
    switch (part.type) {
      case 'text-delta':
        return this.say(part.delta);
      case 'reasoning-delta':
      case 'tool-input-delta':
        this.outputCharacters += text(part.delta)?.length ?? 0;
        return part.type === 'tool-input-delta';
      case 'tool-input-start':
        this.outputCharacters += text(part.toolName)?.length ?? 0;
        return true;
      case 'tool-call':
      case 'file':
        return true;
      case 'response-metadata':
        this.#readMetadata(part);
        return false;
      case 'finish':
        this.#readEnd(part);
        return false;
      default:
        return false;
    }
  }

  #readWhole(result: Foreign): boolean {
    let answered = false;
    for (const part of objects(result.content)) {
      if (part.type === 'text') answered = this.say(part.text) || answered;
      else if (part.type === 'tool-call' || part.type === 'file') answered = true;
    }
    this.#readMetadata(foreign(result.response));
    this.#readEnd(result);
    return answered;
  }

  #readMetadata(metadata: Foreign | undefined): void {
    this.responseId ??= text(metadata?.id);
    this.responseModel ??= modelName(metadata?.modelId);
  }

  #readEnd(end: Foreign): void {
    const reason = finishReason(end.finishReason);
    if (reason) this.finish(reason);
    this.usage = readUsage(end.usage, end.providerMetadata) ?? this.usage;
    this.serviceTier ??= text(at(end.providerMetadata, 'openai', 'serviceTier'));
  }
}

/**
 * Tokens in the words of the AI SDK, of a language model or of a whole operation.
 *
 * @param metadata What the provider adds: those made for AI SDK 5 have no other place for what was written to a cache.
 */
export function readUsage(value: unknown, metadata?: unknown): Usage | undefined {
  const input = at(value, 'inputTokens');
  const output = at(value, 'outputTokens');
  const anthropic = at(metadata, 'anthropic');
  const usage = known({
    inputTokens: quantity(input) ?? quantity(at(input, 'total')),
    cachedInputTokens:
      quantity(at(input, 'cacheRead')) ?? quantity(at(value, 'inputTokenDetails', 'cacheReadTokens')),
    cacheCreationInputTokens:
      quantity(at(input, 'cacheWrite')) ??
      quantity(at(value, 'inputTokenDetails', 'cacheWriteTokens')) ??
      quantity(at(anthropic, 'cacheCreationInputTokens')),
    longCacheCreationInputTokens: quantity(
      at(anthropic, 'usage', 'cache_creation', 'ephemeral_1h_input_tokens'),
    ),
    outputTokens: quantity(output) ?? quantity(at(output, 'total')),
    reasoningTokens:
      quantity(at(output, 'reasoning')) ?? quantity(at(value, 'outputTokenDetails', 'reasoningTokens')),
  });
  // A provider made for AI SDK 5 says nothing of the uncached part, and Anthropic's then reports only that.
  const uncached = at(input, 'noCache') ?? at(value, 'inputTokenDetails', 'noCacheTokens');
  const net = anthropic !== undefined && uncached === undefined;
  return net ? withCached(usage) : gross(usage, quantity(at(value, 'raw', 'totalTokens')));
}

function withCached(usage: Usage | undefined): Usage | undefined {
  const { inputTokens, cachedInputTokens = 0, cacheCreationInputTokens = 0 } = usage ?? {};
  if (inputTokens === undefined) return usage;
  return { ...usage, inputTokens: inputTokens + cachedInputTokens + cacheCreationInputTokens };
}

/** `tool-calls` of the AI SDK is `tool_calls` of the conventions. */
export const finishReason = (reason: unknown): string | undefined =>
  text(at(reason, 'unified') ?? reason)?.replaceAll('-', '_');
