import { ModelAnswer } from '../shared/model-answer.ts';
import { at, foreign, text } from '../shared/patch.ts';
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

  protected override read(value: unknown): boolean {
    const chunk = foreign(value);
    this.responseId ??= text(chunk?.responseId);
    this.responseModel ??= text(chunk?.modelVersion);
    this.usage = readUsage(chunk?.usageMetadata) ?? this.usage;
    if (at(chunk, 'promptFeedback', 'blockReason')) this.finish('content_filter');
    const candidate = at(chunk?.candidates, '0');
    let answered = false;
    const parts = at(candidate, 'content', 'parts');
    for (const part of Array.isArray(parts) ? parts : []) answered = this.#readPart(part) || answered;
    const reason = text(at(candidate, 'finishReason'));
    // A request of a tool stops like any other answer; only its parts tell.
    if (reason) this.finish(this.#toolCalled ? 'tool_calls' : (REASONS[reason] ?? reason.toLowerCase()));
    return answered;
  }

  #readPart(value: unknown): boolean {
    const part = foreign(value);
    const words = text(part?.text);
    const call = foreign(part?.functionCall);
    if (call) {
      this.#toolCalled = true;
      this.addCharacters((text(call.name)?.length ?? 0) + JSON.stringify(call.args ?? '').length);
    }
    if (part?.thought === true) {
      this.addCharacters(words?.length ?? 0);
      return false;
    }
    if (words) this.addText(words);
    return words !== undefined || call !== undefined || foreign(part?.inlineData) !== undefined;
  }
}
