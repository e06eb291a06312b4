import type { Usage } from '../../../model/facts.ts';
import type { StageResult } from '../../call/stage.ts';
import { at, type Foreign, foreign, objects, quantity, text } from '../kit/patch.ts';
import { ModelAnswer } from '../kit/requests/model-answer.ts';
import { gross, known } from '../kit/usage.ts';

/** What the application itself has to answer before the model goes on. */
const TOOL_CALLS: ReadonlySet<unknown> = new Set([
  'function_call',
  'custom_tool_call',
  'computer_call',
  'local_shell_call',
  'shell_call',
  'apply_patch_call',
]);
/** Pieces of the answer. Reasoning is none: it is never spoken. */
const PIECES =
  /^response\.(output_text|refusal|audio|audio\.transcript|\w+_call_(arguments|input)|\w+_call_(code|command))\.delta$/;
const OVER: ReadonlySet<unknown> = new Set(['completed', 'incomplete', 'failed', 'cancelled']);

/** Reads what OpenAI's Responses API says: the events of a stream, or a whole response. */
export class ResponsesAnswer extends ModelAnswer {
  #response: Foreign | undefined;
  #error: string | undefined;

  override get finished(): boolean {
    return this.#error !== undefined || OVER.has(this.#response?.status);
  }

  get failure(): string | undefined {
    if (this.#error !== undefined) return this.#error;
    if (this.#response?.status !== 'failed') return undefined;
    return text(at(this.#response, 'error', 'code')) ?? 'failed';
  }

  override result(): StageResult {
    const result = super.result();
    // A response that waits in the background has used nothing that is known.
    const waits = this.#response?.background === true && !this.usage && this.outputCharacters === 0;
    return waits ? { ...result, usage: undefined } : result;
  }

  protected override read(item: Foreign): boolean {
    const type = text(item.type);
    if (type === undefined) return this.#readWhole(item);
    const response = foreign(item.response);
    if (response) this.#describe(response);
    // Later versions of the SDK throw it instead.
    if (type === 'error') this.#error = text(item.code) ?? 'error';
    if (PIECES.test(type)) return this.#readPiece(type, item.delta);
    return type === 'response.output_item.added' && TOOL_CALLS.has(at(item.item, 'type'));
  }

  #readWhole(response: Foreign): boolean {
    this.#describe(response);
    const output = objects(response.output);
    for (const { content } of output)
      for (const part of objects(content)) if (part.type === 'output_text') this.say(part.text);
    return output.some(({ type }) => type === 'message' || TOOL_CALLS.has(type));
  }

  #readPiece(type: string, delta: unknown): boolean {
    if (type === 'response.output_text.delta') return this.say(delta);
    const piece = text(delta);
    // What is spoken is not written, and counts in tokens of its own kind.
    if (type !== 'response.audio.delta') this.outputCharacters += piece?.length ?? 0;
    return piece !== undefined;
  }

  #describe(response: Foreign): void {
    this.#response = response;
    this.responseId = text(response.id);
    this.responseModel = text(response.model);
    // `auto` is what was asked for; what was served is said when it is over.
    const tier = text(response.service_tier);
    if (tier !== 'auto') this.serviceTier = tier;
    this.usage = readUsage(foreign(response.usage));
    const reason = finishReason(response);
    if (reason !== undefined) this.finish(reason);
  }
}

/** In the words of chat completions, which the tracker waits for tools by. */
function finishReason(response: Foreign): string | undefined {
  if (response.status === 'incomplete') {
    const reason = text(at(response, 'incomplete_details', 'reason')) ?? 'incomplete';
    return reason === 'max_output_tokens' ? 'length' : reason;
  }
  if (response.status !== 'completed') return undefined;
  return objects(response.output).some(({ type }) => TOOL_CALLS.has(type)) ? 'tool_calls' : 'stop';
}

const readUsage = (usage: Foreign | undefined): Usage | undefined =>
  gross(
    known({
      inputTokens: quantity(usage?.input_tokens),
      cachedInputTokens: quantity(at(usage, 'input_tokens_details', 'cached_tokens')),
      outputTokens: quantity(usage?.output_tokens),
      reasoningTokens: quantity(at(usage, 'output_tokens_details', 'reasoning_tokens')),
    }),
    quantity(usage?.total_tokens),
  );
