import type { Usage } from '../../../model/facts.ts';
import { at, type Foreign, foreign, objects, quantity, text } from '../kit/patch.ts';
import { ModelAnswer } from '../kit/requests/model-answer.ts';
import { known } from '../kit/usage.ts';

/** Reads a message of Anthropic: the events of a stream, or the whole. */
export class AnthropicAnswer extends ModelAnswer {
  #counts: Foreign = {};

  protected override get counted(): boolean {
    return this.usage?.inputTokens !== undefined && this.usage.outputTokens !== undefined;
  }

  protected override read(event: Foreign): boolean {
    switch (event.type) {
      case 'message':
        this.#start(event);
        for (const block of objects(event.content)) this.#readBlock(block);
        this.#end(event.stop_reason, event.usage);
        return true;
      case 'message_start':
        this.#start(foreign(event.message) ?? {});
        return false;
      case 'content_block_start':
        return this.#readBlock(foreign(event.content_block) ?? {});
      case 'content_block_delta':
        return this.#readDelta(foreign(event.delta) ?? {});
      case 'message_delta':
        this.#end(at(event, 'delta', 'stop_reason'), event.usage);
        return false;
      default:
        return false;
    }
  }

  #start({ id, model, usage }: Foreign): void {
    this.responseId = text(id);
    this.responseModel = text(model);
    this.#count(usage);
    // Its count of the output is a placeholder.
    this.usage = readUsage({ ...this.#counts, output_tokens: undefined, output_tokens_details: undefined });
  }

  #end(stopReason: unknown, usage: unknown): void {
    const reason = text(stopReason);
    if (reason) this.finish(reason);
    this.#count(usage);
    this.usage = readUsage(this.#counts);
  }

  #readBlock(block: Foreign): boolean {
    if (block.type === 'text') return this.say(block.text);
    if (block.type !== 'tool_use') return false;
    this.outputCharacters += text(block.name)?.length ?? 0;
    return true;
  }

  #readDelta({ type, text: words, thinking, partial_json }: Foreign): boolean {
    if (type === 'text_delta') return this.say(words);
    this.outputCharacters += text(thinking ?? partial_json)?.length ?? 0;
    // No one hears what the model thinks.
    return type === 'input_json_delta';
  }

  /** Later counts are totals, and replace the earlier; null says that one does not apply. */
  #count(usage: unknown): void {
    this.serviceTier = text(at(usage, 'service_tier')) ?? this.serviceTier;
    const counts = Object.entries(foreign(usage) ?? {});
    this.#counts = { ...this.#counts, ...Object.fromEntries(counts.filter(([, count]) => count != null)) };
  }
}

/** What is read from the cache and written to it is counted apart here, and part of the prompt everywhere else. */
function readUsage(usage: Foreign): Usage | undefined {
  const net = quantity(usage.input_tokens);
  const cached = quantity(usage.cache_read_input_tokens);
  const written = quantity(usage.cache_creation_input_tokens);
  return known({
    inputTokens: net === undefined ? undefined : net + (cached ?? 0) + (written ?? 0),
    cachedInputTokens: cached,
    cacheCreationInputTokens: written,
    longCacheCreationInputTokens: quantity(at(usage, 'cache_creation', 'ephemeral_1h_input_tokens')),
    outputTokens: quantity(usage.output_tokens),
    reasoningTokens: quantity(at(usage, 'output_tokens_details', 'thinking_tokens')),
  });
}
