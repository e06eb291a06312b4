import type { Usage } from '../../../model/facts.ts';
import { at, type Foreign, foreign, objects, quantity, text } from '../kit/patch.ts';
import { ModelAnswer } from '../kit/requests/model-answer.ts';
import { known } from '../kit/usage.ts';

/** Finish reasons of Cohere that the conventions have another word for. */
const REASONS: Readonly<Record<string, string>> = {
  COMPLETE: 'stop',
  STOP_SEQUENCE: 'stop',
  MAX_TOKENS: 'length',
  TOOL_CALL: 'tool_calls',
};

/** Reads a chat of Cohere: the events of a stream or the whole, of the second version of its API or the first. */
export class CohereAnswer extends ModelAnswer {
  protected override read(item: Foreign): boolean {
    switch (item.type ?? item.eventType) {
      case undefined:
        return this.#readWhole(item);
      case 'message-start':
        this.responseId = text(item.id);
        return false;
      case 'stream-start':
        this.responseId = text(item.generationId);
        return false;
      case 'content-delta':
        return this.#readContent(foreign(at(item, 'delta', 'message', 'content')) ?? {});
      case 'text-generation':
        return this.say(item.text);
      case 'tool-call-start':
      case 'tool-call-delta':
        return this.#callTools(at(item, 'delta', 'message', 'toolCalls'));
      case 'tool-calls-generation':
        return this.#callTools(item.toolCalls);
      case 'message-end':
        this.#end(at(item, 'delta', 'finishReason'), at(item, 'delta', 'usage'), undefined);
        return false;
      case 'stream-end':
        this.#end(item.finishReason, at(item, 'response', 'meta'), at(item, 'response', 'toolCalls'));
        return false;
      default:
        return false;
    }
  }

  #readWhole(answer: Foreign): boolean {
    this.responseId = text(answer.id) ?? text(answer.generationId);
    const message = foreign(answer.message);
    const calls = message?.toolCalls ?? answer.toolCalls;
    for (const block of objects(message?.content)) this.#readContent(block);
    this.say(answer.text);
    this.#callTools(calls);
    this.#end(answer.finishReason, answer.usage ?? answer.meta, message ? undefined : calls);
    return true;
  }

  #readContent({ text: words, thinking }: Foreign): boolean {
    // No one hears what the model thinks.
    this.outputCharacters += text(thinking)?.length ?? 0;
    return this.say(words);
  }

  #callTools(calls: unknown): boolean {
    const called = objects(calls);
    for (const call of called) this.outputCharacters += text(at(call, 'function', 'arguments'))?.length ?? 0;
    return called.length > 0;
  }

  /** @param calls Of the first version, whose reason is the same with tool calls and without. */
  #end(reason: unknown, usage: unknown, calls: unknown): void {
    const said = text(reason);
    if (said !== undefined)
      this.finish(objects(calls).length > 0 ? 'tool_calls' : (REASONS[said] ?? said.toLowerCase()));
    this.usage = readUsage(foreign(usage)) ?? this.usage;
  }
}

/** What is billed, which Cohere counts apart: the prompt that it puts around ours is not. */
function readUsage(usage: Foreign | undefined): Usage | undefined {
  const billed = foreign(usage?.billedUnits) ?? foreign(usage?.tokens);
  return known({
    inputTokens: quantity(billed?.inputTokens),
    outputTokens: quantity(billed?.outputTokens),
  });
}
