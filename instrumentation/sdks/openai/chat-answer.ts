import type { Usage } from '../../../model/facts.ts';
import { at, type Foreign, foreign, modelName, objects, quantity, text } from '../kit/patch.ts';
import { ModelAnswer } from '../kit/requests/model-answer.ts';
import { gross, known } from '../kit/usage.ts';

/** Reads a chat completion: the chunks of a stream, the first of which is empty, or the whole. */
export class ChatAnswer extends ModelAnswer {
  protected override read(chunk: Foreign): boolean {
    this.responseId ??= text(chunk.id);
    this.responseModel ??= modelName(chunk.model);
    this.serviceTier = text(chunk.service_tier) ?? this.serviceTier;
    this.usage = readUsage(foreign(chunk.usage) ?? foreign(at(chunk, 'x_groq', 'usage'))) ?? this.usage;
    let answered = false;
    for (const choice of objects(chunk.choices)) answered = this.#readChoice(choice) || answered;
    return answered;
  }

  #readChoice(choice: Foreign): boolean {
    const finishReason = text(choice.finish_reason);
    if (finishReason) this.finish(finishReason);
    const delta = foreign(choice.delta) ?? foreign(choice.message);
    const toolCalls = objects(delta?.tool_calls);
    for (const call of toolCalls) this.outputCharacters += functionCharacters(call);
    return this.#readContent(delta?.content, choice.index ?? 0) || toolCalls.length > 0;
  }

  /** Of several answers the first is the one that is spoken. */
  #readContent(content: unknown, index: unknown): boolean {
    if (index === 0) return this.say(content);
    const words = text(content);
    this.outputCharacters += words?.length ?? 0;
    return words !== undefined;
  }
}

function functionCharacters(call: Foreign): number {
  const { name, arguments: json } = foreign(call.function) ?? {};
  return (text(name)?.length ?? 0) + (text(json)?.length ?? 0);
}

function readUsage(usage: Foreign | undefined): Usage | undefined {
  const input = foreign(usage?.prompt_tokens_details);
  const output = foreign(usage?.completion_tokens_details);
  const counts = known({
    inputTokens: quantity(usage?.prompt_tokens),
    // The second is DeepSeek's name.
    cachedInputTokens: quantity(input?.cached_tokens) ?? quantity(usage?.prompt_cache_hit_tokens),
    cacheCreationInputTokens: quantity(input?.cache_write_tokens),
    inputAudioTokens: quantity(input?.audio_tokens),
    outputTokens: quantity(usage?.completion_tokens),
    outputAudioTokens: quantity(output?.audio_tokens),
    reasoningTokens: quantity(output?.reasoning_tokens),
  });
  return gross(counts, quantity(usage?.total_tokens));
}
