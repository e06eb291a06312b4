import { at, type Foreign, foreign, objects, quantity, text } from '../kit/patch.ts';
import { ModelAnswer } from '../kit/requests/model-answer.ts';
import { known } from '../kit/usage.ts';

/** Reads an answer of Ollama, of `chat` or of `generate`: the parts of a stream, the last of which has the counts, or the whole. */
export class OllamaAnswer extends ModelAnswer {
  #toolCalled = false;

  protected override read(part: Foreign): boolean {
    this.responseModel ??= text(part.model);
    const message = foreign(part.message);
    const calls = objects(message?.tool_calls);
    for (const call of calls)
      this.outputCharacters += JSON.stringify(at(call, 'function', 'arguments') ?? '').length;
    this.#toolCalled ||= calls.length > 0;
    // No one hears what the model thinks.
    this.outputCharacters += text(message?.thinking ?? part.thinking)?.length ?? 0;
    if (part.done === true) this.#end(part);
    return this.say(message?.content ?? part.response) || calls.length > 0;
  }

  /** @param part The last. A prompt that is cached whole has no count in older versions. */
  #end(part: Foreign): void {
    this.usage = known({
      inputTokens: quantity(part.prompt_eval_count),
      outputTokens: quantity(part.eval_count),
    });
    // A model that asks for a tool stops like any other.
    this.finish(this.#toolCalled ? 'tool_calls' : (text(part.done_reason) ?? 'stop'));
  }
}
