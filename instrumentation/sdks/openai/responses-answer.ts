import type { Usage } from '../../../exporter/facts.ts';
import type { StageResult } from '../../stage.ts';
import { at, type Foreign, foreign, quantity, text } from '../shared/patch.ts';
import type { Answer } from '../shared/sdk-request.ts';
import { estimateTokens, MAX_TEXT_CHARACTERS } from './chat-answer.ts';
import { outputItems } from './responses-input.ts';

/** What the application itself has to answer before the model goes on. */
const TOOL_CALLS: ReadonlySet<unknown> = new Set([
  'function_call',
  'custom_tool_call',
  'computer_call',
  'local_shell_call',
  'shell_call',
  'apply_patch_call',
]);
/** Pieces of the answer. Reasoning is none: nobody can be told it. */
const PIECES =
  /^response\.(output_text|refusal|audio|audio\.transcript|\w+_call_(arguments|input)|\w+_call_(code|command))\.delta$/;
const OVER: ReadonlySet<unknown> = new Set(['completed', 'incomplete', 'failed', 'cancelled']);

/** Reads what OpenAI's Responses API says: the events of a stream, or a whole response. */
export class ResponsesAnswer implements Answer {
  readonly #promptCharacters: number | undefined;
  #response: Foreign | undefined;
  #text = '';
  #outputCharacters = 0;
  #begun = false;
  #error: string | undefined;

  /** @param promptCharacters Length of the prompt, for the estimate when no usage comes; undefined: not known. */
  constructor(promptCharacters: number | undefined) {
    this.#promptCharacters = promptCharacters;
  }

  get begun(): boolean {
    return this.#begun;
  }

  get finished(): boolean {
    return this.#error !== undefined || OVER.has(this.#response?.status);
  }

  get failure(): string | undefined {
    if (this.#error !== undefined) return this.#error;
    if (this.#response?.status !== 'failed') return undefined;
    return text(at(this.#response, 'error', 'code')) ?? 'failed';
  }

  add(item: unknown): boolean {
    const said = foreign(item);
    if (!said) return false;
    this.#begun = true;
    const type = text(said.type);
    if (type === undefined) return this.#addWhole(said);
    const response = foreign(said.response);
    if (response) this.#response = response;
    // Later versions of the SDK throw it instead.
    if (type === 'error') this.#error = text(said.code) ?? 'error';
    if (PIECES.test(type)) return this.#addPiece(type, said.delta);
    return type === 'response.output_item.added' && TOOL_CALLS.has(at(said.item, 'type'));
  }

  result(): StageResult {
    const response = this.#response;
    return {
      usage: readUsage(foreign(response?.usage)) ?? this.#estimate(),
      responseId: text(response?.id),
      responseModel: text(response?.model),
      finishReasons: finishReasons(response),
      text: text(this.#text),
    };
  }

  #addWhole(response: Foreign): boolean {
    this.#response = response;
    for (const item of outputItems(response)) {
      const content: unknown = item.content;
      for (const part of Array.isArray(content) ? content : [])
        if (at(part, 'type') === 'output_text') this.#addText(text(at(part, 'text')) ?? '');
    }
    return outputItems(response).some(({ type }) => type === 'message' || TOOL_CALLS.has(type));
  }

  #addPiece(type: string, delta: unknown): boolean {
    const piece = text(delta);
    if (piece === undefined) return false;
    if (type === 'response.output_text.delta') this.#addText(piece);
    // What is spoken is not written, and counts in tokens of its own kind.
    else if (type !== 'response.audio.delta') this.#outputCharacters += piece.length;
    return true;
  }

  #addText(piece: string): void {
    this.#outputCharacters += piece.length;
    this.#text += piece.slice(0, MAX_TEXT_CHARACTERS - this.#text.length);
  }

  /** A stream that was left tells no usage. A response that waits in the background has used nothing that is known. */
  #estimate(): Usage | undefined {
    if (this.#response?.background === true && this.#outputCharacters === 0) return undefined;
    return {
      ...(this.#promptCharacters !== undefined && { inputTokens: estimateTokens(this.#promptCharacters) }),
      outputTokens: estimateTokens(this.#outputCharacters),
      estimated: true,
    };
  }
}

/** In the words of chat completions, which the tracker waits for tools by. */
function finishReasons(response: Foreign | undefined): string[] {
  if (response?.status === 'incomplete') {
    const reason = text(at(response, 'incomplete_details', 'reason')) ?? 'incomplete';
    return [reason === 'max_output_tokens' ? 'length' : reason];
  }
  if (response?.status !== 'completed') return [];
  return [outputItems(response).some(({ type }) => TOOL_CALLS.has(type)) ? 'tool_calls' : 'stop'];
}

function readUsage(usage: Foreign | undefined): Usage | undefined {
  if (!usage) return undefined;
  const counts = {
    inputTokens: quantity(usage.input_tokens),
    cachedInputTokens: quantity(at(usage, 'input_tokens_details', 'cached_tokens')),
    outputTokens: quantity(usage.output_tokens),
    reasoningTokens: quantity(at(usage, 'output_tokens_details', 'reasoning_tokens')),
  };
  const known = Object.entries(counts).filter(([, count]) => count !== undefined);
  return known.length === 0 ? undefined : (Object.fromEntries(known) as Usage);
}
