import { context, createContextKey } from '@opentelemetry/api';
import { isInstrumented, type OwnersVerdict, scopeName } from '../adoption.ts';
import { followsRequests, openStage } from '../open-stage.ts';
import { activeCall } from '../scope.ts';
import { guard } from '../spans.ts';
import type { Stage } from '../stage.ts';
import { AnthropicAnswer } from './anthropic-answer.ts';
import { inputMessages, promptCharacters } from './anthropic-prompt.ts';
import { tapApiPromise } from './api-promise.ts';
import { Deadline } from './deadline.ts';
import { at, type Foreign, foreign, type Method, pick, text, wrapOnce } from './patch.ts';
import { isAbort, type SdkStream, type Tap, tapResponse, tapStream } from './streams.ts';

/** `@anthropic-ai/sdk`: messages, streamed and whole. From 1.0 on it writes a span for each, which the stage adopts. */
export function patchAnthropic(moduleExports: unknown): void {
  guard('patching @anthropic-ai/sdk', () => {
    const client = pick(moduleExports, 'Anthropic');
    for (const messages of [at(client, 'Messages'), at(client, 'Beta', 'Messages')]) {
      wrapOnce(at(messages, 'prototype'), 'create', tracedCreate);
      wrapOnce(at(messages, 'prototype'), 'stream', tracedStream);
    }
  });
}

/** The request that the helper `stream` has opened, for the `create` that it leads to. */
const REQUEST_KEY = createContextKey('earshot.anthropic-request');

function tracedCreate(create: Method): Method {
  return function (this: unknown, ...args) {
    const request = guard('following a message', () => takeRequest() ?? openRequest(this, args[0], create));
    if (!request) return create.apply(this, args);
    let promise: unknown;
    try {
      promise = context.with(request.stage.context, () => create.apply(this, args));
    } catch (error) {
      request.fail(error);
      throw error;
    }
    return guard('following a message', () => tapApiPromise(promise, request)) ?? promise;
  };
}

/** The helper starts the SDK's span before it calls `create`, which is too late for it to be in the turn's trace. */
function tracedStream(stream: Method): Method {
  return function (this: unknown, ...args) {
    const request = writesSpans(this)
      ? guard('following a message', () => openRequest(this, { ...foreign(args[0]), stream: true }, stream))
      : undefined;
    if (!request) return stream.apply(this, args);
    try {
      const within = request.stage.context.setValue(REQUEST_KEY, request);
      return context.with(within, () => stream.apply(this, args));
    } catch (error) {
      request.fail(error);
      throw error;
    }
  };
}

function takeRequest(): MessageRequest | undefined {
  const request = context.active().getValue(REQUEST_KEY) as MessageRequest | undefined;
  return request?.take() ? request : undefined;
}

function openRequest(resource: unknown, body: unknown, method: Method): MessageRequest | undefined {
  if (!followsRequests()) return undefined;
  // Another instrumentation may have been there before us, or after.
  const instrumented = isInstrumented(method) || isInstrumented(at(resource, 'create'));
  const owner = writesSpans(resource) ? 'sdk' : instrumented ? 'instrumentation' : undefined;
  // Outside of a call the span of its owner says it all.
  if (owner !== undefined && !activeCall()) return undefined;
  const provider = text(at(resource, '_client', '_genAIProviderName')) ?? 'anthropic';
  return new MessageRequest(foreign(body) ?? {}, provider, owner);
}

/** Whether the client writes spans, to the tracer provider that everybody uses. */
const writesSpans = (resource: unknown): boolean =>
  at(resource, '_client', '_tracer') !== undefined &&
  at(resource, '_client', 'openTelemetry', 'tracerProvider') === undefined;

/** Who writes the span of a request, when it is not us. */
type SpanOwner = 'sdk' | 'instrumentation';

/** `com.anthropic.sdk.typescript`, `@traceloop/instrumentation-anthropic` and their like. */
const OWNERS = /anthropic/;

/** One request, from the call of `create` to the last event. */
class MessageRequest implements Tap<unknown> {
  readonly stage: Stage;
  readonly #streaming: boolean;
  readonly #owner: SpanOwner | undefined;
  readonly #answer: AnthropicAnswer;
  readonly #deadline: Deadline;
  #taken = false;

  constructor(body: Foreign, provider: string, owner: SpanOwner | undefined) {
    this.#owner = owner;
    this.#streaming = body.stream === true;
    // Counted now: an application appends to its list of messages while the answer streams.
    this.#answer = new AnthropicAnswer(promptCharacters(body));
    this.stage = openStage('llm', {
      provider,
      model: text(body.model),
      streaming: this.#streaming,
      inputMessages: () => inputMessages(body),
      ...(owner && {
        adoption: {
          recognises: (span) => OWNERS.test(scopeName(span) ?? ''),
          around: owner === 'instrumentation',
          ending: (verdict) => this.#ownerEnds(verdict),
        },
      }),
    });
    this.#deadline = new Deadline(() => this.cancel());
  }

  /** Whether the request is still to be followed: once. */
  take(): boolean {
    const first = !this.#taken;
    this.#taken = true;
    return first;
  }

  parsed(result: unknown): unknown {
    if (this.#streaming && foreign(result)?.iterator) {
      tapStream(result as SdkStream<unknown>, this);
    } else {
      this.#answer.message(result);
      this.stage.firstByte();
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

  see(event: unknown): void {
    this.#deadline.heard();
    if (this.#answer.event(event)) this.stage.firstByte();
  }

  end(): void {
    this.#over(() => this.stage.end(this.#answer.result()));
  }

  cancel(): void {
    // Whoever stops reading at the stop reason has had the whole answer.
    if (this.#answer.finished) this.end();
    else this.#over(() => this.stage.cancel(this.#answer.result()));
  }

  fail(error: unknown): void {
    // A refused request is not billed; one that was given up, or broke while it answered, is.
    const billed = this.#answer.begun || isAbort(error);
    this.#over(() => this.stage.fail(error, billed ? this.#answer.result() : {}));
  }

  /**
   * The SDK ends its span first where a stream is left, a request fails or its bare response is asked for; another
   * instrumentation also where it sees a whole answer before us.
   */
  #ownerEnds(verdict: OwnersVerdict): void {
    if (verdict === 'unset' && (this.#streaming || this.#owner === 'sdk')) this.cancel();
    else this.#over(() => this.stage.end(this.#answer.begun ? this.#answer.result() : {}));
  }

  #over(finish: () => void): void {
    this.#deadline.over();
    if (!this.stage.ended) finish();
  }
}
