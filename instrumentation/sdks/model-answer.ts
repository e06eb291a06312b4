import type { Usage } from '../../exporter/facts.ts';
import type { StageResult } from '../stage.ts';
import { estimateTokens } from './chat-answer.ts';
import { text } from './patch.ts';

/** What of an answer is kept for scoring and, when content capture is on, for the span. */
const MAX_TEXT_CHARACTERS = 16_384;

/** What is known of a model's answer, whichever SDK tells of it. */
export class ModelAnswer {
  usage: Usage | undefined;
  responseId: string | undefined;
  responseModel: string | undefined;
  /** Anything came at all: what breaks now is billed. */
  begun = false;
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

  /** The model has said why it stopped. */
  get finished(): boolean {
    return this.#finishReasons.size > 0;
  }

  /** Words of the answer. */
  addText(words: string): void {
    this.#outputCharacters += words.length;
    if (this.#keepsWords && this.#text.length < MAX_TEXT_CHARACTERS)
      this.#text += words.slice(0, MAX_TEXT_CHARACTERS - this.#text.length);
  }

  /** Output that is billed and not spoken: the arguments of a tool, thoughts. */
  addCharacters(count: number): void {
    this.#outputCharacters += count;
  }

  /** Why the model stopped: `stop`, `length`, `tool_calls`. */
  finish(reason: string): void {
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
