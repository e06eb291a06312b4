import { at, type Foreign, foreign, objects, text } from '../kit/patch.ts';
import { ModelAnswer } from '../kit/requests/model-answer.ts';
import { modelOf } from './resource.ts';
import { readUsage } from './usage.ts';

/** Finish reasons of Gemini that the conventions have another word for. */
const REASONS: Readonly<Record<string, string>> = {
  MAX_TOKENS: 'length',
  SAFETY: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  BLOCKLIST: 'content_filter',
};

/** An answer of Gemini: the chunks of a stream, or the whole. */
export class GeminiAnswer extends ModelAnswer {
  #toolCalled = false;

  /** Until the answer is over, its usage is that of what came so far. */
  protected override get counted(): boolean {
    return this.finished;
  }

  protected override read(chunk: Foreign): boolean {
    this.responseId ??= text(chunk.responseId);
    this.responseModel ??= modelOf(chunk.modelVersion);
    this.usage = readUsage(chunk.usageMetadata) ?? this.usage;
    if (at(chunk, 'promptFeedback', 'blockReason')) this.finish('content_filter');
    const candidate = at(chunk.candidates, '0');
    let answered = false;
    for (const part of objects(at(candidate, 'content', 'parts')))
      answered = this.#readPart(part) || answered;
    const reason = text(at(candidate, 'finishReason'));
    // A request of a tool stops like any other answer; only its parts tell.
    if (reason) this.finish(this.#toolCalled ? 'tool_calls' : (REASONS[reason] ?? reason.toLowerCase()));
    return answered;
  }

  #readPart(part: Foreign): boolean {
    const call = foreign(part.functionCall);
    if (call) {
      this.#toolCalled = true;
      this.outputCharacters += (text(call.name)?.length ?? 0) + JSON.stringify(call.args ?? '').length;
    }
    if (part.thought === true) {
      this.outputCharacters += text(part.text)?.length ?? 0;
      return false;
    }
    return this.say(part.text) || call !== undefined || foreign(part.inlineData) !== undefined;
  }
}
