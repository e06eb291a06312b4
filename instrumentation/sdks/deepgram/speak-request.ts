import { context } from '@opentelemetry/api';
import { followsRequests } from '../../open-stage.ts';
import { guard } from '../../spans.ts';
import { UNTIMED } from '../shared/audio-format.ts';
import { tapHttpResponsePromise } from '../shared/http-response-promise.ts';
import { at, type Foreign, foreign, type Method, text } from '../shared/patch.ts';
import { tapReadable } from '../shared/streams.ts';
import { requestFormat } from './audio.ts';
import { Synthesis } from './synthesis.ts';

/** `speak.v1.audio.generate(request, options)`, and the same of v2: one text, one answer that is audio. */
export function tracedGenerate(generate: Method): Method {
  return function (this: unknown, ...args) {
    const request = foreign(args[0]) ?? {};
    const synthesis = followsRequests() ? guard('following a synthesis', () => start(request)) : undefined;
    if (!synthesis) return generate.apply(this, args);
    let promise: unknown;
    try {
      promise = context.with(synthesis.stage.context, () => generate.apply(this, args));
    } catch (error) {
      synthesis.fail(error);
      throw error;
    }
    guard('following a synthesis', () =>
      tapHttpResponsePromise(
        promise,
        {
          parsed: (data, response) => {
            const characters = Number(header(response, 'dg-char-count') ?? Number.NaN);
            if (Number.isInteger(characters)) synthesis.reported({ characters });
            // What answers then is a receipt: the audio goes elsewhere.
            if (text(request.callback) !== undefined) synthesis.end();
            else tapBinary(data, response, synthesis);
          },
          failed: (error) => synthesis.fail(error),
          cancel: () => synthesis.cancel(),
        },
        at(args[1], 'abortSignal'),
      ),
    );
    return promise;
  };
}

function start(request: Foreign): Synthesis {
  const elsewhere = text(request.callback) !== undefined;
  const synthesis = Synthesis.start(text(request.model), elsewhere ? UNTIMED : requestFormat(request));
  synthesis.say(text(request.text) ?? '');
  return synthesis;
}

function header(response: unknown, name: string): string | undefined {
  const headers = at(response, 'headers');
  return headers instanceof Headers ? (headers.get(name) ?? undefined) : undefined;
}

const READERS = ['arrayBuffer', 'blob', 'bytes'] as const;

/** Listens to the audio that a `BinaryResponse` of the SDK gives, whichever way it is read. */
function tapBinary(data: unknown, response: unknown, synthesis: Synthesis): void {
  const binary = foreign(data) as Record<string, unknown> | undefined;
  const stream = binary?.stream;
  if (!binary || typeof stream !== 'function') {
    synthesis.end();
    return;
  }
  let tapped: ReadableStream<Uint8Array> | undefined;
  const body = (): ReadableStream<Uint8Array> | null => {
    const original = stream.call(binary) as ReadableStream<Uint8Array> | null;
    if (original && !tapped)
      tapped = tapReadable(original, {
        see: (chunk) => synthesis.bytes(chunk),
        end: () => synthesis.end(),
        cancel: () => synthesis.cancel(),
        fail: (error) => synthesis.fail(error),
      });
    return tapped ?? null;
  };
  binary.stream = body;
  for (const name of READERS) {
    if (typeof binary[name] !== 'function') continue;
    binary[name] = async (): Promise<unknown> => {
      const type = header(response, 'content-type');
      const copy = new Response(body(), type === undefined ? {} : { headers: { 'content-type': type } });
      return (copy as unknown as Record<string, () => Promise<unknown>>)[name]?.();
    };
  }
}
