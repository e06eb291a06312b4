import { followsRequests } from '../open-stage.ts';
import { guard } from '../spans.ts';
import { openTranscription } from './batch-transcription.ts';
import { billedModel } from './deepgram-audio.ts';
import { errorClass } from './deepgram-error.ts';
import { tapHttpResponsePromise } from './http-response-promise.ts';
import { at, foreign, type Method, quantity, text } from './patch.ts';

/** `listen.v1.media.transcribeUrl(request, options)`. */
export const tracedTranscribeUrl = (transcribe: Method): Method => traced(transcribe, 0);

/** `listen.v1.media.transcribeFile(file, request, options)`. */
export const tracedTranscribeFile = (transcribe: Method): Method => traced(transcribe, 1);

/** @param position Of the request among the arguments. */
function traced(transcribe: Method, position: number): Method {
  return function (this: unknown, ...args) {
    const open = () =>
      openTranscription({ provider: 'deepgram', model: billedModel(foreign(args[position]) ?? {}) });
    const stage = followsRequests() ? guard('following a transcription', open) : undefined;
    if (!stage) return transcribe.apply(this, args);
    let promise: unknown;
    try {
      promise = transcribe.apply(this, args);
    } catch (error) {
      stage.fail(error);
      throw error;
    }
    guard('following a transcription', () =>
      tapHttpResponsePromise(
        promise,
        {
          answered: (data) => {
            const audioSeconds = quantity(at(data, 'metadata', 'duration'));
            const words = text(at(data, 'results', 'channels', '0', 'alternatives', '0', 'transcript'));
            if (words !== undefined) stage.firstByte();
            stage.end({ text: words, ...(audioSeconds !== undefined && { usage: { audioSeconds } }) });
          },
          failed: (error) => stage.fail(errorClass(error)),
          cancelled: () => stage.cancel(),
        },
        at(args[position + 1], 'abortSignal'),
      ),
    );
    return promise;
  };
}
