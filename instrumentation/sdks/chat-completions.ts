import { context } from '@opentelemetry/api';
import { followsRequests, openStage } from '../open-stage.ts';
import { guard } from '../spans.ts';
import type { Stage } from '../stage.ts';
import { tapApiPromise } from './api-promise.ts';
import { ChatAnswer } from './chat-answer.ts';
import { inputMessages, messageCharacters } from './chat-messages.ts';
import { Deadline } from './deadline.ts';
import { at, type Foreign, foreign, type Method, pick, text, wrapOnce } from './patch.ts';
import { isAbort, type SdkStream, type Tap, tapResponse, tapStream } from './streams.ts';

/** `groq-sdk`: chat completions, streamed and whole. */
export function patchGroqChat(moduleExports: unknown): void {
  patchChat(pick(moduleExports, 'Groq'), () => 'groq');
}

/** `openai`: chat completions, streamed and whole, of OpenAI and of whoever speaks its protocol. */
export function patchOpenAiChat(moduleExports: unknown): void {
  patchChat(pick(moduleExports, 'OpenAI'), (resource) => providerOf(at(resource, '_client', 'baseURL')));
}

/** Who answers at a base URL. The names are those of the `gen_ai.provider.name` convention where it has one. */
const PROVIDERS: readonly (readonly [host: RegExp, provider: string])[] = [
  [/(^|\.)openai\.azure\.com$/, 'azure.ai.openai'],
  [/(^|\.)(services\.ai|models\.inference\.ai)\.azure\.com$/, 'azure.ai.inference'],
  [/(^|\.)groq\.com$/, 'groq'],
  [/(^|\.)deepseek\.com$/, 'deepseek'],
  [/(^|\.)mistral\.ai$/, 'mistral_ai'],
  [/(^|\.)perplexity\.ai$/, 'perplexity'],
  [/(^|\.)x\.ai$/, 'x_ai'],
  [/(^|\.)googleapis\.com$/, 'gcp.gemini'],
  [/(^|\.)anthropic\.com$/, 'anthropic'],
  [/(^|\.)cerebras\.ai$/, 'cerebras'],
  [/(^|\.)together\.(xyz|ai)$/, 'together'],
  [/(^|\.)fireworks\.ai$/, 'fireworks'],
  [/(^|\.)openrouter\.ai$/, 'openrouter'],
];

/**
 * The provider behind the base URL of an OpenAI client. A host that is not known (a proxy, a server of one's own)
 * counts as `openai`: it is the protocol that is known.
 */
export function providerOf(baseUrl: unknown): string {
  const url = typeof baseUrl === 'string' && URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  return PROVIDERS.find(([host]) => url && host.test(url.hostname))?.[1] ?? 'openai';
}

function patchChat(client: Foreign | undefined, provider: (resource: unknown) => string): void {
  guard('patching chat completions', () =>
    wrapOnce(at(client, 'Chat', 'Completions', 'prototype'), 'create', (create) => traced(create, provider)),
  );
}

function traced(create: Method, provider: (resource: unknown) => string): Method {
  return function (this: unknown, ...args) {
    const request = followsRequests()
      ? guard('following a chat request', () => new ChatRequest(foreign(args[0]) ?? {}, provider(this)))
      : undefined;
    if (!request) return create.apply(this, args);
    let promise: unknown;
    try {
      promise = context.with(request.stage.context, () => create.apply(this, args));
    } catch (error) {
      request.fail(error);
      throw error;
    }
    return guard('following a chat request', () => tapApiPromise(promise, request)) ?? promise;
  };
}

/** One request, from the call of `create` to the last chunk. */
class ChatRequest implements Tap<unknown> {
  readonly stage: Stage;
  readonly #streaming: boolean;
  readonly #answer: ChatAnswer;
  readonly #deadline: Deadline;

  constructor(body: Foreign, provider: string) {
    this.#streaming = body.stream === true;
    // Counted now: an application appends to its list of messages while the answer streams.
    this.#answer = new ChatAnswer(messageCharacters(body.messages));
    this.stage = openStage('llm', {
      provider,
      model: text(body.model),
      streaming: this.#streaming,
      inputMessages: () => inputMessages(body.messages),
    });
    this.#deadline = new Deadline(() => this.cancel());
  }

  parsed(result: unknown): unknown {
    if (this.#streaming && foreign(result)?.iterator) {
      tapStream(result as SdkStream<unknown>, this);
    } else {
      this.see(result);
      this.end();
    }
    return result;
  }

  /** Nobody reads the answer for us here: its usage stays unknown. */
  raw(response: Response): void {
    tapResponse(response, {
      see: () => {
        this.#deadline.heard();
        this.stage.firstByte();
      },
      end: () => this.#over(() => this.stage.end()),
      cancel: () => this.#over(() => this.stage.cancel()),
      fail: (error) => this.#over(() => this.stage.fail(error)),
    });
  }

  failed(error: unknown): void {
    this.fail(error);
  }

  see(chunk: unknown): void {
    this.#deadline.heard();
    if (this.#answer.add(chunk)) this.stage.firstByte();
  }

  end(): void {
    this.#over(() => this.stage.end(this.#answer.result()));
  }

  cancel(): void {
    // Whoever stops reading at the finish reason has had the whole answer.
    if (this.#answer.finished) this.end();
    else this.#over(() => this.stage.cancel(this.#answer.result()));
  }

  fail(error: unknown): void {
    // A refused request is not billed; one that was given up, or broke while it answered, is.
    const billed = this.#answer.begun || isAbort(error);
    this.#over(() => this.stage.fail(error, billed ? this.#answer.result() : {}));
  }

  #over(finish: () => void): void {
    this.#deadline.over();
    if (!this.stage.ended) finish();
  }
}
