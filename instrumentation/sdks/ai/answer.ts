import type { Usage } from '../../../exporter/facts.ts';
import { ModelAnswer } from '../shared/model-answer.ts';
import { at, type Foreign, foreign, quantity, text } from '../shared/patch.ts';

/** An answer as the AI SDK has it of a language model of any provider: parts of a stream, or the whole. */
export class AiAnswer extends ModelAnswer {
  protected override read(value: unknown): boolean {
    const item = foreign(value);
    return Array.isArray(item?.content) ? this.#readWhole(item, item.content) : this.#readPart(item);
  }

  #readPart(part: Foreign | undefined): boolean {
    switch (part?.type) {
      case 'text-delta':
        return this.#addWords(part.delta);
      case 'reasoning-delta':
      case 'tool-input-delta':
        this.addCharacters(text(part.delta)?.length ?? 0);
        return part.type === 'tool-input-delta';
      case 'tool-input-start':
        this.addCharacters(text(part.toolName)?.length ?? 0);
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

  #readWhole(result: Foreign, content: readonly unknown[]): boolean {
    let answered = false;
    for (const item of content) {
      const part = foreign(item);
      if (part?.type === 'text') answered = this.#addWords(part.text) || answered;
      else if (part?.type === 'tool-call' || part?.type === 'file') answered = true;
    }
    this.#readMetadata(foreign(result.response));
    this.#readEnd(result);
    return answered;
  }

  #addWords(value: unknown): boolean {
    const words = text(value);
    if (words) this.addText(words);
    return words !== undefined;
  }

  #readMetadata(metadata: Foreign | undefined): void {
    this.responseId ??= text(metadata?.id);
    this.responseModel ??= text(metadata?.modelId);
  }

  #readEnd(end: Foreign): void {
    const reason = finishReason(end.finishReason);
    if (reason) this.finish(reason);
    this.usage = readUsage(end.usage) ?? this.usage;
  }
}

/** Tokens in the words of the AI SDK, of a language model or of a whole operation. */
export function readUsage(value: unknown): Usage | undefined {
  const input = at(value, 'inputTokens');
  const output = at(value, 'outputTokens');
  const counts = {
    inputTokens: quantity(input) ?? quantity(at(input, 'total')),
    cachedInputTokens:
      quantity(at(input, 'cacheRead')) ?? quantity(at(value, 'inputTokenDetails', 'cacheReadTokens')),
    outputTokens: quantity(output) ?? quantity(at(output, 'total')),
    reasoningTokens:
      quantity(at(output, 'reasoning')) ?? quantity(at(value, 'outputTokenDetails', 'reasoningTokens')),
  };
  const known = Object.entries(counts).filter(([, count]) => count !== undefined);
  return known.length === 0 ? undefined : (Object.fromEntries(known) as Usage);
}

/** `tool-calls` of the AI SDK is `tool_calls` of the conventions. */
export const finishReason = (reason: unknown): string | undefined =>
  text(at(reason, 'unified') ?? reason)?.replaceAll('-', '_');
