import { context } from '@opentelemetry/api';
import { followsRequests, openStage } from '../../call/open-stage.ts';
import { guard } from '../../call/spans.ts';
import type { Stage } from '../../call/stage.ts';
import { at, type Foreign, foreign, type Method, pick, wrapOnce } from '../kit/patch.ts';
import { SdkRequest } from '../kit/requests/sdk-request.ts';
import { GeminiAnswer } from './answer.ts';
import { patchGenaiLive } from './live.ts';
import { inputMessages, promptCharacters } from './prompt.ts';
import { modelOf, providerOf } from './resource.ts';

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
      guard('following a request to Gemini', () => request.parsed(result));
      return result;
    } catch (error) {
      request.fail(error);
      throw error;
    }
  };
}

function openRequest(models: unknown, params: Foreign, streaming: boolean): GeminiRequest {
  const answer = new GeminiAnswer(promptCharacters(params));
  const stage = openStage('llm', {
    provider: providerOf(models),
    model: modelOf(params.model),
    streaming,
    inputMessages: () => inputMessages(params),
  });
  return new GeminiRequest(stage, answer, at(params, 'config', 'abortSignal'));
}

/** One request to Gemini, which the application may abort. */
class GeminiRequest extends SdkRequest {
  readonly #signal: AbortSignal | undefined;
  /** An abort of an unread stream is seen here only. Not at once: a reader knows more. */
  readonly #aborted = (): void => void setImmediate(() => this.cancel()).unref();

  constructor(stage: Stage, answer: GeminiAnswer, signal: unknown) {
    super(stage, answer);
    if (!(signal instanceof AbortSignal)) return;
    this.#signal = signal;
    signal.addEventListener('abort', this.#aborted, { once: true });
  }

  protected override closed(): void {
    this.#signal?.removeEventListener('abort', this.#aborted);
  }
}
