import type { Usage } from '../../../exporter/facts.ts';
import type { StageResult } from '../../stage.ts';
import { estimateTokens } from '../openai/chat-answer.ts';
import { at, type Foreign, foreign, quantity, text } from '../shared/patch.ts';
import type { Answer } from '../shared/sdk-request.ts';

/** What of an answer is kept for scoring and, when content capture is on, for the span. */
const MAX_TEXT_CHARACTERS = 16_384;

/** Collects what the events of a streamed message, or a whole one, say. */
export class AnthropicAnswer implements Answer {
  readonly #inputCharacters: number;
  readonly #usage: Record<string, unknown> = {};
  #text = '';
  #outputCharacters = 0;
  #id: string | undefined;
  #model: string | undefined;
  #stopReason: string | undefined;
  /** The counts are those of the whole answer: `message_start` has a placeholder for the output. */
  #counted = false;

  /** @param inputCharacters Length of the prompt, for the estimate when no usage comes. */
  constructor(inputCharacters: number) {
    this.#inputCharacters = inputCharacters;
  }

  /** Anything came at all. */
  get begun(): boolean {
    return this.#id !== undefined;
  }

  /** The model has said why it stopped. */
  get finished(): boolean {
    return this.#stopReason !== undefined;
  }

  /** Takes in an event of a stream, or a whole message; says whether it carried a piece of the answer. */
  add(value: unknown): boolean {
    const event = foreign(value);
    switch (event?.type) {
      case 'message':
        this.#whole(event);
        return true;
      case 'message_start':
        this.#start(foreign(event.message) ?? {});
        return false;
      case 'content_block_start':
        return this.#block(foreign(event.content_block) ?? {});
      case 'content_block_delta':
        return this.#delta(foreign(event.delta) ?? {});
      case 'message_delta':
        this.#stopReason = text(at(event, 'delta', 'stop_reason')) ?? this.#stopReason;
        this.#count(event.usage);
        this.#counted = true;
        return false;
      default:
        return false;
    }
  }

  result(): StageResult {
    return {
      usage: this.#counts(),
      responseId: this.#id,
      responseModel: this.#model,
      finishReasons: this.#stopReason === undefined ? [] : [this.#stopReason],
      text: text(this.#text),
    };
  }

  #start({ id, model, usage }: Foreign): void {
    this.#id = text(id);
    this.#model = text(model);
    this.#count(usage);
  }

  #whole(message: Foreign): void {
    this.#start(message);
    const { content } = message;
    for (const block of Array.isArray(content) ? content : []) this.#block(foreign(block) ?? {});
    this.#stopReason = text(message.stop_reason);
    this.#counted = true;
  }

  #block(block: Foreign): boolean {
    if (block.type === 'tool_use') {
      this.#outputCharacters += text(block.name)?.length ?? 0;
      return true;
    }
    return block.type === 'text' && this.#say(block.text);
  }

  #delta({ type, text: words, thinking, partial_json }: Foreign): boolean {
    if (type === 'text_delta') return this.#say(words);
    this.#outputCharacters += text(thinking ?? partial_json)?.length ?? 0;
    // Nobody hears what the model thinks.
    return type === 'input_json_delta';
  }

  #say(words: unknown): boolean {
    const said = text(words);
    if (said === undefined) return false;
    this.#outputCharacters += said.length;
    if (this.#text.length < MAX_TEXT_CHARACTERS)
      this.#text += said.slice(0, MAX_TEXT_CHARACTERS - this.#text.length);
    return true;
  }

  /** Later counts are totals, and replace the earlier; null says that one does not apply. */
  #count(usage: unknown): void {
    for (const [name, count] of Object.entries(foreign(usage) ?? {})) {
      if (count !== null && count !== undefined) this.#usage[name] = count;
    }
  }

  #counts(): Usage {
    const { input_tokens, cache_read_input_tokens, cache_creation_input_tokens, output_tokens } = this.#usage;
    const net = quantity(input_tokens);
    const cached = quantity(cache_read_input_tokens);
    const written = quantity(cache_creation_input_tokens);
    // What is read from the cache and written to it is counted apart here, and part of the prompt everywhere else.
    const inputTokens =
      net === undefined ? estimateTokens(this.#inputCharacters) : net + (cached ?? 0) + (written ?? 0);
    const counted = this.#counted ? quantity(output_tokens) : undefined;
    const reasoning = this.#counted
      ? quantity(at(this.#usage, 'output_tokens_details', 'thinking_tokens'))
      : undefined;
    return {
      inputTokens,
      outputTokens: counted ?? estimateTokens(this.#outputCharacters),
      ...(cached !== undefined && { cachedInputTokens: cached }),
      ...(written !== undefined && { cacheCreationInputTokens: written }),
      ...(reasoning !== undefined && { reasoningTokens: reasoning }),
      ...((net === undefined || counted === undefined) && { estimated: true }),
    };
  }
}
