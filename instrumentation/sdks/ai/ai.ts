import { type Context, context, trace } from '@opentelemetry/api';
import { providerOf } from '../../../model/providers.ts';
import { ATTR, OPERATION } from '../../../model/semconv.ts';
import type { Adoption } from '../../call/adoption.ts';
import { followsRequests, openStage } from '../../call/open-stage.ts';
import { withReportedStages } from '../../call/scope.ts';
import { guard } from '../../call/spans.ts';
import type { Stage } from '../../call/stage.ts';
import { at, type Foreign, foreign, modelName, text } from '../kit/patch.ts';
import { tapInPlace } from '../kit/requests/stream-in-place.ts';
import { AiAnswer } from './answer.ts';
import { AiOperations } from './operations.ts';
import { inputMessages, promptCharacters } from './prompt.ts';
import { AiRequest } from './request.ts';

/** Something that the AI SDK is about to do, and how to have it done. */
type Work = Foreign & { execute: () => PromiseLike<unknown> };

const OURS = Symbol.for('earshot.ai-telemetry');

/** `ai` 7: language models, tools, speech and transcription, through the hook that it has for telemetry. */
export function patchAi(): void {
  guard('registering with the AI SDK', instrumentAI);
}

/**
 * Registers with every copy of the AI SDK in this process, once, and in front of the others: what they set up for a
 * request is in place when ours looks, and what ends for all of them ends for ours while their spans are still open.
 */
export function instrumentAI(): void {
  const shared = globalThis as { AI_SDK_TELEMETRY_INTEGRATIONS?: unknown[] };
  shared.AI_SDK_TELEMETRY_INTEGRATIONS ??= [];
  const integrations = shared.AI_SDK_TELEMETRY_INTEGRATIONS;
  if (!integrations.some((one) => foreign(one) && OURS in (one as object)))
    integrations.unshift(new AiTelemetry());
}

/** What the AI SDK calls. What is thrown in an `on…` it keeps to itself; an `execute…` must not throw of its own. */
class AiTelemetry {
  readonly [OURS] = true;
  /** Open requests by the operation that makes them. */
  readonly #requests = new Map<unknown, Set<AiRequest>>();
  readonly #operations = new AiOperations();

  executeLanguageModelCall(work: Work): PromiseLike<unknown> {
    const request = followsRequests()
      ? guard('following a model request', () => this.#openRequest(work))
      : undefined;
    return request ? followRequest(work, request) : work.execute();
  }

  executeTool(work: Work): PromiseLike<unknown> {
    const stage = followsRequests() ? guard('following a tool', () => openTool(work)) : undefined;
    return stage ? followTool(work, stage) : work.execute();
  }

  onStart(event: Foreign): void {
    if (followsRequests()) this.#operations.started(event);
  }

  onObjectStepStart(event: Foreign): void {
    if (followsRequests()) this.#operations.objectStarted(event);
  }

  onObjectStepEnd(event: Foreign): void {
    this.#operations.objectEnded(event);
  }

  onEnd(event: Foreign): void {
    this.#operations.ended(event);
  }

  onAbort(event: Foreign): void {
    for (const request of this.#requests.get(event.callId) ?? []) request.cancel();
  }

  onError(event: unknown): void {
    const { callId, error } = foreign(event) ?? {};
    for (const request of this.#requests.get(callId) ?? []) request.fail(error);
    this.#operations.failed(callId, error);
  }

  #openRequest(work: Work): AiRequest {
    const { callId } = work;
    const reported = text(work.modelId);
    const answer = new AiAnswer(promptCharacters(work), work.recordOutputs !== false);
    const stage = openStage('llm', {
      provider: providerOf(work.provider),
      model: modelName(reported),
      inputMessages: () => inputMessages(work),
      adoption: spanOfAnother(OPERATION.llm, ATTR.requestModel, reported),
    });
    stage.requested();
    const request = new AiRequest(stage, answer, () => {
      const open = this.#requests.get(callId);
      open?.delete(request);
      if (open?.size === 0) this.#requests.delete(callId);
    });
    const open = this.#requests.get(callId) ?? new Set();
    this.#requests.set(callId, open.add(request));
    return request;
  }
}

async function followRequest({ execute }: Work, request: AiRequest): Promise<unknown> {
  try {
    // A provider may be built on an SDK that is instrumented as well: the request is reported here.
    const result = await context.with(withReportedStages(within(request.stage.context)), execute);
    guard('following a model request', () => followResult(result, request));
    return result;
  } catch (error) {
    request.fail(error);
    throw error;
  }
}

/** Listens to the stream of an answer, or takes it in whole. The SDK compares what it gets back: nothing is replaced. */
function followResult(result: unknown, request: AiRequest): void {
  const stream = at(result, 'stream');
  if (stream instanceof ReadableStream) {
    request.streams();
    tapInPlace(stream, request);
    return;
  }
  // A stream of another kind cannot be followed; what it gives stays unknown.
  if (stream === undefined) request.see(result);
  else request.stage.end();
  request.end();
}

function openTool({ toolCallId, toolCall }: Work): Stage {
  const id = text(toolCallId);
  const stage = openStage('tool', {
    toolName: text(at(toolCall, 'toolName')),
    toolCallId: id,
    adoption: spanOfAnother(OPERATION.tool, ATTR.toolCallId, id),
  });
  stage.requested();
  return stage;
}

async function followTool({ execute }: Work, stage: Stage): Promise<unknown> {
  try {
    const result = await context.with(within(stage.context), execute);
    stage.end();
    return result;
  } catch (error) {
    stage.fail(error);
    throw error;
  }
}

/** The running code's own context, below the span of a stage. */
function within(stage: Context): Context {
  const span = trace.getSpan(stage);
  return span ? trace.setSpan(context.active(), span) : context.active();
}

/** The span that another integration, such as `@ai-sdk/otel`, has opened for the same work, in which it is now done. */
function spanOfAnother(operation: string, name: string, value: string | undefined): Adoption | undefined {
  const span = trace.getActiveSpan();
  const attributes = at(span, 'attributes');
  // Its legacy spans name no operation.
  const theirs = at(attributes, ATTR.operationName) ?? operation;
  const same = theirs === operation && value !== undefined && at(attributes, name) === value;
  if (!span?.isRecording() || !same || at(attributes, ATTR.stage) !== undefined) return undefined;
  return { span, contextIn: (parent) => trace.setSpan(parent, span) };
}
