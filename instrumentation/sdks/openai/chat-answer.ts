import type { Usage } from '../../../exporter/facts.ts';
import type { StageResult } from '../../stage.ts';
import { at, type Foreign, foreign, quantity, text } from '../shared/patch.ts';
import type { Answer } from '../shared/sdk-request.ts';

/** What of an answer is kept for scoring and, when content capture is on, for the span. */
export const MAX_TEXT_CHARACTERS = 16_384;
/** English text has about four characters a token with the tokenisers of today's models. */
const CHARACTERS_PER_TOKEN = 4;

/** Tokens of a text that nobody counted: a quarter of its characters, rounded up. `Hello there` gives 3. */
export const estimateTokens = (characters: number): number => Math.ceil(characters / CHARACTERS_PER_TOKEN);

/** Collects what chunks of a chat completion, or a whole one, say. */
export class ChatAnswer implements Answer {
  readonly #inputCharacters: number;
  readonly #finishReasons = new Set<string>();
  #text = '';
  #outputCharacters = 0;
  #usage: Usage | undefined;
  #id: string | undefined;
  #model: string | undefined;
  #begun = false;

  /** @param inputCharacters Length of the prompt, for the estimate when no usage comes. */
  constructor(inputCharacters: number) {
    this.#inputCharacters = inputCharacters;
  }

  /** Anything came at all. */
  get begun(): boolean {
    return this.#begun;
  }

  /** The model has said why it stopped. */
  get finished(): boolean {
    return this.#finishReasons.size > 0;
  }

  /** Takes in a chunk; says whether it carried a piece of the answer. The first chunk of a stream is empty. */
  add(chunk: unknown): boolean {
    const message = foreign(chunk);
    if (!message) return false;
    this.#begun = true;
    this.#id ??= text(message.id);
    this.#model ??= text(message.model);
    this.#usage = readUsage(foreign(message.usage) ?? foreign(at(message, 'x_groq', 'usage'))) ?? this.#usage;
    const choices: unknown = message.choices;
    let answered = false;
    for (const choice of Array.isArray(choices) ? choices : [])
      answered = this.#addChoice(choice) || answered;
    return answered;
  }

  result(): StageResult {
    return {
      usage: this.#usage ?? {
        inputTokens: estimateTokens(this.#inputCharacters),
        outputTokens: estimateTokens(this.#outputCharacters),
        estimated: true,
      },
      responseId: this.#id,
      responseModel: this.#model,
      finishReasons: [...this.#finishReasons],
      text: text(this.#text),
    };
  }

  #addChoice(value: unknown): boolean {
    const choice = foreign(value);
    const finishReason = text(choice?.finish_reason);
    if (finishReason) this.#finishReasons.add(finishReason);
    const delta = foreign(choice?.delta) ?? foreign(choice?.message);
    const content = text(delta?.content);
    const toolCalls: unknown = delta?.tool_calls;
    if (content) this.#addText(content, choice?.index ?? 0);
    if (Array.isArray(toolCalls)) {
      for (const call of toolCalls) this.#outputCharacters += functionCharacters(foreign(call));
    }
    return content !== undefined || (Array.isArray(toolCalls) && toolCalls.length > 0);
  }

  #addText(content: string, index: unknown): void {
    this.#outputCharacters += content.length;
    if (index === 0 && this.#text.length < MAX_TEXT_CHARACTERS)
      this.#text += content.slice(0, MAX_TEXT_CHARACTERS - this.#text.length);
  }
}

function functionCharacters(call: Foreign | undefined): number {
  const { name, arguments: json } = foreign(call?.function) ?? {};
  return (text(name)?.length ?? 0) + (text(json)?.length ?? 0);
}

function readUsage(usage: Foreign | undefined): Usage | undefined {
  if (!usage) return undefined;
  const input = foreign(usage.prompt_tokens_details);
  const output = foreign(usage.completion_tokens_details);
  const counts = {
    inputTokens: quantity(usage.prompt_tokens),
    cachedInputTokens: quantity(input?.cached_tokens),
    inputAudioTokens: quantity(input?.audio_tokens),
    outputTokens: quantity(usage.completion_tokens),
    outputAudioTokens: quantity(output?.audio_tokens),
    reasoningTokens: quantity(output?.reasoning_tokens),
  };
  const known = Object.entries(counts).filter(([, count]) => count !== undefined);
  return known.length === 0 ? undefined : (Object.fromEntries(known) as Usage);
}
