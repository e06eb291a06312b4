import { type Context, context } from '@opentelemetry/api';
import { type Adoption, findAdoption, instrumentationOf } from '../../../call/adoption.ts';
import { nowMs } from '../../../call/clock.ts';
import { followsRequests } from '../../../call/open-stage.ts';
import { guard } from '../../../call/spans.ts';
import type { Stage, StageResult } from '../../../call/stage.ts';
import { type Foreign, foreign, type Method } from '../patch.ts';
import { type RequestTap, tapApiPromise } from './api-promise.ts';
import { Deadline, UNREAD_MS } from './deadline.ts';
import { nodeStream, tapNodeStream } from './node-stream.ts';
import { tapInPlace } from './stream-in-place.ts';
import { isAbort, type SdkStream, type Tap, tapIterable, tapResponse, tapStream } from './streams.ts';

/** What comes back of a request, and what it says. */
export interface Answer {
  /** Takes in a chunk of a stream, an event, or a whole answer; says whether it carried a piece of what was asked for. */
  add(item: unknown): boolean;
  /** The same for the bytes of a body. Absent: they say nothing; who reads them alone leaves the usage unknown. */
  addBytes?(chunk: Uint8Array): boolean;
  /** Something came that is billed. */
  readonly begun: boolean;
  /** Nothing of use comes any more: a reader that stops here has had it all. */
  readonly finished: boolean;
  /** The class of an error that was reported in the answer itself. */
  readonly failure?: string | undefined;
  result(): StageResult;
}

/** The stage of a request. */
export type RequestStage = Pick<
  Stage,
  'context' | 'ended' | 'requested' | 'followed' | 'firstByte' | 'end' | 'cancel' | 'fail'
>;

/** One request of an SDK, from the call of its method to the last of its answer, whichever way that is read. */
export class SdkRequest<A extends Answer = Answer> implements RequestTap, Tap<unknown> {
  readonly stage: RequestStage;
  protected readonly answer: A;
  readonly #deadline: Deadline;
  /** Runs while an answer has arrived and is not being read. */
  #unreadDeadline: Deadline | undefined;
  /** The application reads bytes that say nothing to us. */
  #unread = false;

  constructor(stage: RequestStage, answer: A) {
    this.stage = stage;
    this.answer = answer;
    this.#deadline = new Deadline(() => this.cancel());
    stage.followed(() => this.#result());
  }

  /** Who listens to the bytes of the answer. */
  bodyTap(): Tap<Uint8Array> {
    this.#unread = this.answer.addBytes === undefined;
    this.arrived();
    return {
      begin: () => this.begin(),
      see: (chunk) => {
        this.heard();
        const answered = this.answer.addBytes?.(chunk) ?? chunk.byteLength > 0;
        if (answered) this.stage.firstByte();
      },
      end: () => this.end(),
      cancel: () => this.cancel(),
      fail: (error) => this.fail(error),
    };
  }

  parsed(result: unknown, _response?: unknown): void {
    if (result instanceof Response) this.raw(result);
    else if (result instanceof ReadableStream) tapInPlace(result, this.bodyTap());
    else if (nodeStream(result)) this.raw(result);
    else {
      this.arrived();
      if (foreign(result)?.iterator) tapStream(result as SdkStream<unknown>, this);
      else if (!tapIterable(result, this)) {
        this.see(result);
        this.end();
      }
    }
  }

  arrived(): void {
    if (this.stage.ended) return;
    const atMs = nowMs();
    this.#unreadDeadline?.over();
    this.#unreadDeadline = new Deadline(() => this.#neverRead(atMs), UNREAD_MS);
  }

  begin(): void {
    this.#unreadDeadline?.over();
  }

  /** @param response Of `fetch` or of node-fetch, or the stream of a body. */
  raw(response: unknown): void {
    const stream = nodeStream(response);
    if (stream) tapNodeStream(stream, this.bodyTap());
    else tapResponse(response as Response, this.bodyTap());
  }

  failed(error: unknown): void {
    this.fail(error);
  }

  see(item: unknown): void {
    this.heard();
    if (this.answer.add(item)) this.stage.firstByte();
  }

  end(): void {
    const { failure } = this.answer;
    this.over(() => {
      if (failure !== undefined) this.stage.fail(failure, this.#result());
      else this.stage.end(this.#result());
    });
  }

  cancel(): void {
    if (this.answer.finished) this.end();
    else this.over(() => this.stage.cancel(this.#result()));
  }

  fail(error: unknown): void {
    // A refused request is not billed; one that was given up, or broke while it answered, is.
    const billed = this.answer.begun || isAbort(error);
    this.over(() => this.stage.fail(error, billed ? this.#result() : {}));
  }

  /** Something came, or was sent: it is not abandoned. */
  protected heard(): void {
    this.#deadline.heard();
  }

  /** It is over, however it ended. May be called again. */
  protected closed(): void {}

  /** Ends the stage, unless it has ended. */
  protected over(finish: () => void): void {
    this.#deadline.over();
    this.#unreadDeadline?.over();
    if (!this.stage.ended) finish();
    this.closed();
  }

  /** Whatever the model had to say was not wanted: the request was over when its answer arrived. */
  #neverRead(atMs: number): void {
    this.over(() => this.stage.cancel({ ...this.#result(), at: atMs }));
  }

  #result(): StageResult {
    return this.#unread && !this.answer.begun ? {} : this.answer.result();
  }
}

/** Opens the stage of a request. `resource`: what the method was called on. */
export type StartRequest = (
  body: Foreign,
  resource: unknown,
  adoption: Adoption | undefined,
) => SdkRequest | undefined;

/** How a request method is called, and what it gives. */
export interface RequestMethod {
  /** Of the request among the arguments. (Default: 0.) */
  readonly position?: number;
  /** Listens to what the method gave when it was called with `args`. (Default: as to a promise of a Stainless SDK.) */
  readonly listen?: (given: unknown, request: SdkRequest, args: readonly unknown[]) => void;
}

/**
 * A request method of an SDK that becomes a stage each time it is called.
 *
 * @param sdk Its name as other instrumentations of it have it in theirs: `openai`.
 */
export function tracedRequest(
  sdk: string,
  start: StartRequest,
  { position = 0, listen = tapApiPromise }: RequestMethod = {},
): (method: Method) => Method {
  const matches = instrumentationOf(sdk);
  return (method) =>
    function (this: unknown, ...args) {
      const request = followsRequests()
        ? guard('following a request', () =>
            start(foreign(args[position]) ?? {}, this, findAdoption(context.active(), method, matches)),
          )
        : undefined;
      if (!request) return method.apply(this, args);
      const given = makeRequest(request, () => method.apply(this, args));
      request.stage.requested();
      guard('following a request', () => listen(given, request, args));
      return given;
    };
}

/** Makes a request within its stage. What that throws is thrown on. */
export function makeRequest(
  request: SdkRequest,
  make: () => unknown,
  within: Context = request.stage.context,
): unknown {
  try {
    return context.with(within, make);
  } catch (error) {
    request.fail(error);
    throw error;
  }
}
