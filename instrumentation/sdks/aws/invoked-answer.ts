import type { StageResult } from '../../call/stage.ts';
import { AnthropicAnswer } from '../anthropic/answer.ts';
import { parseJson } from '../kit/json.ts';
import { at, foreign, quantity } from '../kit/patch.ts';
import type { ModelAnswer } from '../kit/requests/model-answer.ts';
import type { Answer } from '../kit/requests/sdk-request.ts';
import { known } from '../kit/usage.ts';
import { ConverseAnswer } from './converse-answer.ts';

/**
 * Reads what `InvokeModel` gives: bytes in the model's own words. Those of Anthropic and of Amazon are understood; of
 * others the counts, which Bedrock puts behind every stream.
 */
export class InvokedAnswer implements Answer {
  readonly #answer: ModelAnswer;
  readonly #understood: boolean;
  #counts: StageResult['usage'];

  /** @param model Whose answer it is, which tells its words. */
  constructor(model: string | undefined) {
    this.#understood = /\b(?:anthropic|amazon\.nova)/.test(model ?? '');
    this.#answer = /\banthropic/.test(model ?? '')
      ? new AnthropicAnswer(undefined)
      : new ConverseAnswer(undefined);
  }

  get begun(): boolean {
    return this.#answer.begun;
  }

  get finished(): boolean {
    return this.#answer.finished;
  }

  /** @param item An event of a stream, or the whole. */
  add(item: unknown): boolean {
    const bytes = at(item, 'chunk', 'bytes') ?? at(item, 'body');
    if (!(bytes instanceof Uint8Array)) return false;
    const said = parseJson(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
    const counts = foreign(said?.['amazon-bedrock-invocationMetrics']);
    if (counts)
      this.#counts = known({
        inputTokens: quantity(counts.inputTokenCount),
        outputTokens: quantity(counts.outputTokenCount),
      });
    const answered = this.#answer.add(said);
    return this.#understood ? answered : said !== undefined;
  }

  /** What was estimated from half an exchange would look like what it cost: the prompt is not read, it is unknown. */
  result(): StageResult {
    const result = this.#answer.result();
    return result.usage?.estimated === true ? { ...result, usage: this.#counts } : result;
  }
}
