import { readUsage } from './genai-usage.ts';
import type { ModelAnswer } from './model-answer.ts';
import type { ReadAnswer } from './model-request.ts';
import { at, foreign, text } from './patch.ts';

/** Finish reasons of Gemini that the conventions have another word for. */
const REASONS: Readonly<Record<string, string>> = {
  MAX_TOKENS: 'length',
  SAFETY: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  BLOCKLIST: 'content_filter',
};

/** Reads the chunks of one answer of Gemini, or the whole of it. */
export function answerReader(): ReadAnswer {
  let toolCalled = false;
  return (answer, value) => {
    const chunk = foreign(value);
    answer.responseId ??= text(chunk?.responseId);
    answer.responseModel ??= text(chunk?.modelVersion);
    answer.usage = readUsage(chunk?.usageMetadata) ?? answer.usage;
    if (at(chunk, 'promptFeedback', 'blockReason')) answer.finish('content_filter');
    const candidate = at(chunk?.candidates, '0');
    let answered = false;
    const parts = at(candidate, 'content', 'parts');
    for (const part of Array.isArray(parts) ? parts : []) {
      if (at(part, 'functionCall')) toolCalled = true;
      answered = addPart(answer, part) || answered;
    }
    const reason = text(at(candidate, 'finishReason'));
    // A request of a tool stops like any other answer; only its parts tell.
    if (reason) answer.finish(toolCalled ? 'tool_calls' : (REASONS[reason] ?? reason.toLowerCase()));
    return answered;
  };
}

function addPart(answer: ModelAnswer, value: unknown): boolean {
  const part = foreign(value);
  const words = text(part?.text);
  const call = foreign(part?.functionCall);
  if (call) answer.addCharacters((text(call.name)?.length ?? 0) + JSON.stringify(call.args ?? '').length);
  if (part?.thought === true) {
    answer.addCharacters(words?.length ?? 0);
    return false;
  }
  if (words) answer.addText(words);
  return words !== undefined || call !== undefined || foreign(part?.inlineData) !== undefined;
}
