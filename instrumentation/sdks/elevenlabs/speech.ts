import { context } from '@opentelemetry/api';
import { findAdoption, instrumentationOf } from '../../adoption.ts';
import { followsRequests } from '../../open-stage.ts';
import { guard } from '../../spans.ts';
import { at, type Foreign, foreign, type Method, text, wrapOnce } from '../shared/patch.ts';
import { isAbort, tapIterable, tapReadable } from '../shared/streams.ts';
import { ElevenLabsSynthesis } from './synthesis.ts';

/** `client.textToSpeech`: one voice, one text. */
export const traceTextToSpeech = (resource: unknown): void => traceMethods(resource, (args) => args[1]);

/** `client.textToDialogue`: several voices, each with its text. */
export const traceTextToDialogue = (resource: unknown): void => traceMethods(resource, (args) => args[0]);

const METHODS = ['stream', 'streamWithTimestamps', 'convert', 'convertWithTimestamps'];
const MATCHES = instrumentationOf('elevenlabs');

function traceMethods(resource: unknown, requestOf: (args: readonly unknown[]) => unknown): void {
  const methods = foreign(resource);
  if (!methods) return;
  for (const name of METHODS) {
    wrapOnce(Object.getPrototypeOf(methods), name, (method) =>
      traced(method, (args) => foreign(requestOf(args))),
    );
  }
}

function traced(method: Method, requestOf: (args: readonly unknown[]) => Foreign | undefined): Method {
  return function (this: unknown, ...args) {
    const synthesis = followsRequests()
      ? guard('following a synthesis', () => start(requestOf(args) ?? {}, method))
      : undefined;
    if (!synthesis) return method.apply(this, args);
    let promise: unknown;
    try {
      promise = context.with(synthesis.stage.context, () => method.apply(this, args));
    } catch (error) {
      synthesis.fail(error);
      throw error;
    }
    synthesis.stage.requested();
    guard('following a synthesis', () => follow(promise, synthesis, at(args.at(-1), 'abortSignal')));
    return promise;
  };
}

function start(request: Foreign, method: Method): ElevenLabsSynthesis {
  const adoption = findAdoption(context.active(), method, MATCHES);
  const synthesis = ElevenLabsSynthesis.start(text(request.modelId), request.outputFormat, adoption);
  const { inputs } = request;
  for (const spoken of Array.isArray(inputs) ? inputs : [request]) synthesis.say(at(spoken, 'text'));
  return synthesis;
}

/** The promise of the SDK: what it gives is inside of it, and it stays the same promise with its methods. */
interface HttpResponsePromise {
  innerPromise: Promise<{ readonly data: unknown }>;
}

function follow(promise: unknown, synthesis: ElevenLabsSynthesis, signal: unknown): void {
  const request = promise as HttpResponsePromise;
  if (!(request.innerPromise instanceof Promise)) {
    synthesis.cancel();
    return;
  }
  request.innerPromise = request.innerPromise.then(
    (response) => ({
      ...response,
      data: guard('following a synthesis', () => tapData(response.data, synthesis)) ?? response.data,
    }),
    (error) => {
      // Given up before the answer came: the SDK says so with an error of its own.
      const aborted = isAbort(error) || isAbort(at(error, 'cause')) || at(signal, 'aborted') === true;
      if (aborted) synthesis.cancel();
      else synthesis.fail(error);
      throw error;
    },
  );
}

function tapData(data: unknown, synthesis: ElevenLabsSynthesis): unknown {
  if (data instanceof ReadableStream)
    return tapReadable(data, {
      see: (chunk) => synthesis.see(chunk),
      end: () => synthesis.end(),
      cancel: () => synthesis.cancel(),
      fail: (error) => synthesis.fail(error),
    });
  const { [Symbol.asyncIterator]: iterator } = data as Partial<AsyncIterable<unknown>>;
  if (iterator) tapIterable(data as AsyncIterable<unknown>, synthesis);
  else {
    synthesis.see(data);
    synthesis.end();
  }
  return data;
}
