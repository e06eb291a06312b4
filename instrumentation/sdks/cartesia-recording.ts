import { followsRequests } from '../open-stage.ts';
import { guard } from '../spans.ts';
import { tapApiPromise } from './api-promise.ts';
import { type OneRequest, openTranscription } from './batch-transcription.ts';
import { Deadline } from './deadline.ts';
import { at, type Method, quantity, text } from './patch.ts';
import { tapResponse } from './streams.ts';

/** `stt.transcribe(params, options)`: a recording, in one request. */
export function tracedTranscribe(transcribe: Method): Method {
  return function (this: unknown, ...args) {
    const open = () =>
      new Recording(openTranscription({ provider: 'cartesia', model: text(at(args[0], 'model')) }));
    const recording = followsRequests() ? guard('following a transcription', open) : undefined;
    if (!recording) return transcribe.apply(this, args);
    let promise: unknown;
    try {
      promise = transcribe.apply(this, args);
    } catch (error) {
      recording.fail(error);
      throw error;
    }
    const tapped = guard('following a transcription', () =>
      tapApiPromise(promise, {
        parsed: (answer) => {
          recording.answered(answer);
          return answer;
        },
        // Nobody reads the answer for us here: its words and seconds stay unknown.
        raw: (response) =>
          void tapResponse(response, {
            see: () => {},
            end: () => recording.answered(undefined),
            cancel: () => recording.cancel(),
            fail: (error) => recording.fail(error),
          }),
        failed: (error) => recording.fail(error),
      }),
    );
    return tapped ?? promise;
  };
}

/** One recording; how it ends first counts. */
class Recording {
  #request: OneRequest | undefined;
  readonly #deadline = new Deadline(() => this.cancel());

  constructor(request: OneRequest) {
    this.#request = request;
  }

  answered(answer: unknown): void {
    const audioSeconds = quantity(at(answer, 'duration'));
    const words = text(at(answer, 'text'));
    this.#over((request) => {
      if (words !== undefined) request.firstByte();
      request.end({ text: words, ...(audioSeconds !== undefined && { usage: { audioSeconds } }) });
    });
  }

  cancel(): void {
    this.#over((request) => request.cancel());
  }

  fail(error: unknown): void {
    this.#over((request) => request.fail(error));
  }

  #over(finish: (request: OneRequest) => void): void {
    const request = this.#request;
    this.#request = undefined;
    this.#deadline.over();
    if (request) finish(request);
  }
}
