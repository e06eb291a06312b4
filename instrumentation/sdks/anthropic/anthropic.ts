import { context, createContextKey } from '@opentelemetry/api';
import {
  type Adoption,
  findAdoption,
  instrumentationOf,
  type OwnersVerdict,
  Revelation,
} from '../../call/adoption.ts';
import { followsRequests, openStage } from '../../call/open-stage.ts';
import { activeScope } from '../../call/scope.ts';
import { guard } from '../../call/spans.ts';
import { at, type Foreign, foreign, type Method, pick, text, wrapOnce } from '../kit/patch.ts';
import { tapApiPromise } from '../kit/requests/api-promise.ts';
import { makeRequest, SdkRequest } from '../kit/requests/sdk-request.ts';
import { AnthropicAnswer } from './answer.ts';
import { inputMessages, promptCharacters } from './prompt.ts';

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
    const promise = makeRequest(request, () => create.apply(this, args));
    // The SDK makes its own span active a little later, when it sends the request.
    if (!writesSpans(this)) request.stage.requested();
    guard('following a message', () => tapApiPromise(promise, request));
    return promise;
  };
}

/** The helper starts the SDK's span before it calls `create`, which is too late for it to be in the turn's trace. */
function tracedStream(stream: Method): Method {
  return function (this: unknown, ...args) {
    const request = writesSpans(this)
      ? guard('following a message', () => openRequest(this, { ...foreign(args[0]), stream: true }, stream))
      : undefined;
    if (!request) return stream.apply(this, args);
    const within = request.stage.context.setValue(REQUEST_KEY, request);
    return makeRequest(request, () => stream.apply(this, args), within);
  };
}

function takeRequest(): MessageRequest | undefined {
  const request = context.active().getValue(REQUEST_KEY) as MessageRequest | undefined;
  return request?.take() ? request : undefined;
}

function openRequest(resource: unknown, body: unknown, method: Method): MessageRequest | undefined {
  if (!followsRequests()) return undefined;
  if (!writesSpans(resource)) {
    const adoption = findAdoption(context.active(), method, OTHERS);
    return startRequest(resource, foreign(body) ?? {}, adoption);
  }
  // Outside of a call the SDK's span says it all.
  if (!activeScope()?.call) return undefined;
  let request: MessageRequest | undefined;
  const adoption = new Revelation(isSdk, (verdict) => request?.ownerEnds(verdict));
  request = startRequest(resource, foreign(body) ?? {}, adoption);
  return request;
}

function startRequest(resource: unknown, body: Foreign, adoption: Adoption | undefined): MessageRequest {
  const stage = openStage('llm', {
    provider: text(at(resource, '_client', '_genAIProviderName')) ?? 'anthropic',
    model: text(body.model),
    streaming: body.stream === true,
    inputMessages: () => inputMessages(body),
    adoption,
  });
  // Counted now: an application appends to its list of messages while the answer streams.
  return new MessageRequest(stage, new AnthropicAnswer(promptCharacters(body)));
}

/** Whether the client writes spans, to the tracer provider that everybody uses. */
const writesSpans = (resource: unknown): boolean =>
  at(resource, '_client', '_tracer') !== undefined &&
  at(resource, '_client', 'openTelemetry', 'tracerProvider') === undefined;

const isSdk = (scope: string): boolean => scope.startsWith('com.anthropic.sdk.typescript');
const OTHERS = instrumentationOf('anthropic');

/** One request, from the call of `create` to the last event. */
class MessageRequest extends SdkRequest<AnthropicAnswer> {
  #taken = false;

  /** Whether the request is still to be followed: once. */
  take(): boolean {
    const first = !this.#taken;
    this.#taken = true;
    return first;
  }

  /** The SDK ends its span first where a stream is left, a request fails or its bare response is asked for. */
  ownerEnds(verdict: OwnersVerdict): void {
    if (verdict === 'unset') this.cancel();
    else this.over(() => this.stage.end(this.answer.begun ? this.answer.result() : {}));
  }
}
