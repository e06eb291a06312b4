import type { Usage } from '../../../exporter/facts.ts';
import type { StageResult } from '../../stage.ts';
import { estimateTokens, MAX_TEXT_CHARACTERS } from '../openai/chat-answer.ts';
import { text } from './patch.ts';
import type { Answer } from './sdk-request.ts';

/** What is known of a model's answer; who extends it knows in which words its SDK tells of it. */
export abstract class ModelAnswer implements Answer {
  protected usage: Usage | undefined;
  protected responseId: string | undefined;
  protected responseModel: string | undefined;
  #begun = false;
  readonly #inputCharacters: number | undefined;
  readonly #keepsWords: boolean;
  readonly #finishReasons = new Set<string>();
  #text = '';
  #outputCharacters = 0;

  /**
   * @param inputCharacters Length of the prompt, for the estimate when no usage comes. Undefined: not known.
   * @param keepsWords False where the application wants answers kept from telemetry.
   */
  constructor(inputCharacters: number | undefined, keepsWords = true) {
    this.#inputCharacters = inputCharacters;
    this.#keepsWords = keepsWords;
  }

  /** Anything came at all: what breaks now is billed. */
  get begun(): boolean {
    return this.#begun;
  }

  /** The model has said why it stopped. */
  get finished(): boolean {
    return this.#finishReasons.size > 0;
  }

  add(item: unknown): boolean {
    this.#begun = true;
    return this.read(item);
  }

  /** Takes in a piece of the answer, or the whole of it; says whether there were words or a tool call. */
  protected abstract read(item: unknown): boolean;

  /** Words of the answer. */
  protected addText(words: string): void {
    this.#outputCharacters += words.length;
    if (this.#keepsWords && this.#text.length < MAX_TEXT_CHARACTERS)
      this.#text += words.slice(0, MAX_TEXT_CHARACTERS - this.#text.length);
  }

  /** Output that is billed and not spoken: the arguments of a tool, thoughts. */
  protected addCharacters(count: number): void {
    this.#outputCharacters += count;
  }

  /** Why the model stopped: `stop`, `length`, `tool_calls`. */
  protected finish(reason: string): void {
    this.#finishReasons.add(reason);
  }

  result(): StageResult {
    return {
      usage: this.#usage(),
      responseId: this.responseId,
      responseModel: this.responseModel,
      finishReasons: [...this.#finishReasons],
      text: text(this.#text),
    };
  }

  /** What was reported while the answer went on is not the end of it. */
  #usage(): Usage {
    if (this.usage && this.finished) return this.usage;
    const outputTokens = estimateTokens(this.#outputCharacters);
    return {
      ...(this.#inputCharacters !== undefined && { inputTokens: estimateTokens(this.#inputCharacters) }),
      outputTokens,
      ...this.usage,
      estimated: true,
    };
  }
}
