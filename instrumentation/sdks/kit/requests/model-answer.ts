import type { Usage } from '../../../../model/facts.ts';
import type { StageResult } from '../../../call/stage.ts';
import { type Foreign, foreign, text } from '../patch.ts';
import { estimateTokens } from '../usage.ts';
import type { Answer } from './sdk-request.ts';

/** What of an answer is kept for scoring and, when content capture is on, for the span. */
const MAX_TEXT_CHARACTERS = 16_384;

/** What is known of a model's answer; who extends it knows in which words its SDK reports it. */
export abstract class ModelAnswer implements Answer {
  /** As it was reported. */
  protected usage: Usage | undefined;
  protected responseId: string | undefined;
  protected responseModel: string | undefined;
  protected serviceTier: string | undefined;
  /** Of everything that the model wrote, what it thought and wants tools called with included: what tokens are estimated from. */
  protected outputCharacters = 0;
  readonly #inputCharacters: number | undefined;
  readonly #keepsWords: boolean;
  readonly #finishReasons = new Set<string>();
  #words = '';
  #begun = false;

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
    const said = foreign(item);
    if (!said) return false;
    this.#begun = true;
    return this.read(said);
  }

  result(): StageResult {
    return {
      usage: this.usage && this.counted ? this.usage : this.#estimate(),
      responseId: this.responseId,
      responseModel: this.responseModel,
      serviceTier: this.serviceTier,
      finishReasons: [...this.#finishReasons],
      text: text(this.#words),
    };
  }

  /** Takes in a piece of the answer, or the whole of it; says whether there were words or a tool call. */
  protected abstract read(item: Foreign): boolean;

  /** The usage that was reported is that of the whole answer. (Default: it always is.) */
  protected get counted(): boolean {
    return true;
  }

  /** The model said `words`; false when they are none. */
  protected say(words: unknown): boolean {
    const said = text(words);
    if (said === undefined) return false;
    this.outputCharacters += said.length;
    if (this.#keepsWords) this.#words += said.slice(0, MAX_TEXT_CHARACTERS - this.#words.length);
    return true;
  }

  /** Why the model stopped: `stop`, `length`, `tool_calls`. */
  protected finish(reason: string): void {
    this.#finishReasons.add(reason);
  }

  /** What was counted, and an estimate of what was not. */
  #estimate(): Usage {
    return {
      ...(this.#inputCharacters !== undefined && { inputTokens: estimateTokens(this.#inputCharacters) }),
      outputTokens: estimateTokens(this.outputCharacters),
      ...this.usage,
      estimated: true,
    };
  }
}
