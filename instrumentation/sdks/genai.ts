import { context } from '@opentelemetry/api';
import { followsRequests, openStage } from '../open-stage.ts';
import { guard } from '../spans.ts';
import { answerReader } from './genai-answer.ts';
import { patchGenaiLive } from './genai-live.ts';
import { inputMessages, promptCharacters } from './genai-messages.ts';
import { modelOf, providerOf } from './genai-resource.ts';
import { tapGenerator } from './generators.ts';
import { ModelAnswer } from './model-answer.ts';
import { ModelRequest } from './model-request.ts';
import { at, type Foreign, foreign, type Method, pick, wrapOnce } from './patch.ts';

/** `@google/genai`: `generateContent` and `generateContentStream`, of models and of chats, and Live. */
export function patchGenai(moduleExports: unknown): void {
  guard('patching @google/genai', () => {
    // The public methods are made for each client; these are called once a request, also by automatic function calling.
    const models = at(pick(moduleExports, 'Models'), 'prototype');
    wrapOnce(models, 'generateContentInternal', (generate) => traced(generate, false));
    wrapOnce(models, 'generateContentStreamInternal', (generate) => traced(generate, true));
    patchGenaiLive(moduleExports);
  });
}

function traced(generate: Method, streaming: boolean): Method {
  return async function (this: unknown, ...args) {
    const params = foreign(args[0]) ?? {};
    const request = followsRequests()
      ? guard('following a request to Gemini', () => openRequest(this, params, streaming))
      : undefined;
    if (!request) return generate.apply(this, args);
    try {
      const result = await context.with(request.stage.context, () => generate.apply(this, args));
      if (streaming && isIterable(result)) return tapGenerator(result, request);
      guard('reading an answer of Gemini', () => {
        request.see(result);
        request.end();
      });
      return result;
    } catch (error) {
      request.fail(error);
      throw error;
    }
  };
}

function openRequest(models: unknown, params: Foreign, streaming: boolean): ModelRequest {
  const answer = new ModelAnswer(promptCharacters(params));
  const stage = openStage('llm', {
    provider: providerOf(models),
    model: modelOf(params.model),
    streaming,
    soFar: () => answer.result(),
    inputMessages: () => inputMessages(params),
  });
  const signal = at(params, 'config', 'abortSignal');
  // An abort while nobody reads is seen here only. Not at once: whoever reads knows more.
  const aborted = (): void => void setImmediate(() => request.cancel()).unref();
  const request = new ModelRequest(stage, answer, answerReader(), () => {
    if (signal instanceof AbortSignal) signal.removeEventListener('abort', aborted);
  });
  if (signal instanceof AbortSignal) signal.addEventListener('abort', aborted, { once: true });
  return request;
}

const isIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof (value as Partial<AsyncIterable<unknown>> | null)?.[Symbol.asyncIterator] === 'function';
