import { followsRequests, openStage } from '../../call/open-stage.ts';
import { guard } from '../../call/spans.ts';
import type { Stage } from '../../call/stage.ts';
import { at, type Foreign, foreign, pick, text } from '../kit/patch.ts';
import { tapApiPromise } from '../kit/requests/api-promise.ts';
import { type Answer, makeRequest, SdkRequest } from '../kit/requests/sdk-request.ts';
import { tapIterable } from '../kit/requests/streams.ts';
import { followClient } from './command.ts';
import { ConverseAnswer } from './converse-answer.ts';
import { inputMessages, promptCharacters } from './converse-prompt.ts';
import { InvokedAnswer } from './invoked-answer.ts';

const STREAMING = new Set(['ConverseStream', 'InvokeModelWithResponseStream']);
const CONVERSES = new Set(['Converse', 'ConverseStream']);
const INVOKES = new Set(['InvokeModel', 'InvokeModelWithResponseStream']);

/** `@aws-sdk/client-bedrock-runtime`: `Converse` and `InvokeModel`, streamed or whole. */
export function patchBedrock(moduleExports: unknown): void {
  guard('patching @aws-sdk/client-bedrock-runtime', () =>
    followClient(pick(moduleExports, 'BedrockRuntimeClient'), (name, input, send, options) => {
      const follows = (CONVERSES.has(name) || INVOKES.has(name)) && followsRequests();
      const request = follows
        ? guard('following a request', () => start(name, foreign(input) ?? {}, at(options, 'abortSignal')))
        : undefined;
      if (!request) return send();
      const promise = makeRequest(request, send);
      tapApiPromise(promise, request);
      return promise;
    }),
  );
}

function start(name: string, input: Foreign, signal: unknown): BedrockRequest {
  const model = modelOf(input.modelId);
  const converses = CONVERSES.has(name);
  const stage = openStage('llm', {
    provider: 'aws.bedrock',
    model,
    streaming: STREAMING.has(name),
    inputMessages: () => (converses ? inputMessages(input) : undefined),
  });
  const answer = converses ? new ConverseAnswer(promptCharacters(input)) : new InvokedAnswer(model);
  return new BedrockRequest(stage, answer, signal);
}

/** `arn:aws:bedrock:…:inference-profile/us.amazon.nova-lite-v1:0` is `us.amazon.nova-lite-v1:0`. */
const modelOf = (id: unknown): string | undefined => text(text(id)?.replace(/^arn:[^/]*\//, ''));

/** One request to Bedrock, whose abort in the middle of a stream is an end or an error like any other. */
class BedrockRequest extends SdkRequest {
  readonly #signal: unknown;

  constructor(stage: Stage, answer: Answer, signal: unknown) {
    super(stage, answer);
    this.#signal = signal;
  }

  override parsed(output: unknown): void {
    this.arrived();
    const stream = at(output, 'stream') ?? at(output, 'body');
    if (stream instanceof Uint8Array || !tapIterable(stream, this)) {
      this.see(output);
      this.end();
    }
  }

  override end(): void {
    if (this.#aborted && !this.answer.finished) super.cancel();
    else super.end();
  }

  override fail(error: unknown): void {
    if (this.#aborted) this.cancel();
    else super.fail(error);
  }

  get #aborted(): boolean {
    return at(this.#signal, 'aborted') === true;
  }
}
