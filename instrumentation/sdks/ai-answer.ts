import type { Usage } from '../../exporter/facts.ts';
import type { ModelAnswer } from './model-answer.ts';
import { at, type Foreign, foreign, quantity, text } from './patch.ts';

/** Takes in a part of a language model's stream, or its whole answer; says whether there were words or a tool call. */
export function readAnswer(answer: ModelAnswer, value: unknown): boolean {
  const part = foreign(value);
  return Array.isArray(part?.content) ? readWhole(answer, part, part.content) : readPart(answer, part);
}

function readPart(answer: ModelAnswer, part: Foreign | undefined): boolean {
  switch (part?.type) {
    case 'text-delta':
      return addText(answer, part.delta);
    case 'reasoning-delta':
    case 'tool-input-delta':
      answer.addCharacters(text(part.delta)?.length ?? 0);
      return part.type === 'tool-input-delta';
    case 'tool-input-start':
      answer.addCharacters(text(part.toolName)?.length ?? 0);
      return true;
    case 'tool-call':
    case 'file':
      return true;
    case 'response-metadata':
      readMetadata(answer, part);
      return false;
    case 'finish':
      readEnd(answer, part);
      return false;
    default:
      return false;
  }
}

function readWhole(answer: ModelAnswer, result: Foreign, content: readonly unknown[]): boolean {
  let answered = false;
  for (const item of content) {
    const part = foreign(item);
    if (part?.type === 'text') answered = addText(answer, part.text) || answered;
    else if (part?.type === 'tool-call' || part?.type === 'file') answered = true;
  }
  readMetadata(answer, foreign(result.response));
  readEnd(answer, result);
  return answered;
}

/** Tokens in the words of the AI SDK, of a language model or of a whole operation. */
export function readUsage(value: unknown): Usage | undefined {
  const input = at(value, 'inputTokens');
  const output = at(value, 'outputTokens');
  const counts = {
    inputTokens: quantity(input) ?? quantity(at(input, 'total')),
    cachedInputTokens:
      quantity(at(input, 'cacheRead')) ?? quantity(at(value, 'inputTokenDetails', 'cacheReadTokens')),
    outputTokens: quantity(output) ?? quantity(at(output, 'total')),
    reasoningTokens:
      quantity(at(output, 'reasoning')) ?? quantity(at(value, 'outputTokenDetails', 'reasoningTokens')),
  };
  const known = Object.entries(counts).filter(([, count]) => count !== undefined);
  return known.length === 0 ? undefined : (Object.fromEntries(known) as Usage);
}

/** `tool-calls` of the AI SDK is `tool_calls` of the conventions. */
export const finishReason = (reason: unknown): string | undefined =>
  text(at(reason, 'unified') ?? reason)?.replaceAll('-', '_');

function addText(answer: ModelAnswer, value: unknown): boolean {
  const words = text(value);
  if (words) answer.addText(words);
  return words !== undefined;
}

function readMetadata(answer: ModelAnswer, metadata: Foreign | undefined): void {
  answer.responseId ??= text(metadata?.id);
  answer.responseModel ??= text(metadata?.modelId);
}

function readEnd(answer: ModelAnswer, end: Foreign | undefined): void {
  const reason = finishReason(end?.finishReason);
  if (reason) answer.finish(reason);
  answer.usage = readUsage(end?.usage) ?? answer.usage;
}
