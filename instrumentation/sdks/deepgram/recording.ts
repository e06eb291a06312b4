import { followsRequests } from '../../open-stage.ts';
import { openRecordedSpeech, type RecordedAudio } from '../../recorded-speech.ts';
import { guard } from '../../spans.ts';
import type { StageResult } from '../../stage.ts';
import { tapHttpResponsePromise } from '../shared/http-response-promise.ts';
import { at, type Foreign, foreign, type Method, quantity, text } from '../shared/patch.ts';
import { type Answer, SdkRequest } from '../shared/sdk-request.ts';
import { known } from '../shared/usage.ts';
import { billedModel } from './audio.ts';

/** `listen.v1.media.transcribeUrl(request, options)`. */
export const tracedTranscribeUrl = (transcribe: Method): Method => traced(transcribe, 0);

/** `listen.v1.media.transcribeFile(file, request, options)`. */
export const tracedTranscribeFile = (transcribe: Method): Method => traced(transcribe, 1);

/** @param position Of the request among the arguments. */
function traced(transcribe: Method, position: number): Method {
  return function (this: unknown, ...args) {
    const recording = followsRequests()
      ? guard('following a transcription', () => start(foreign(args[position]) ?? {}))
      : undefined;
    if (!recording) return transcribe.apply(this, args);
    let promise: unknown;
    try {
      promise = transcribe.apply(this, args);
    } catch (error) {
      recording.fail(error);
      throw error;
    }
    guard('following a transcription', () =>
      tapHttpResponsePromise(promise, recording, at(args[position + 1], 'abortSignal')),
    );
    return promise;
  };
}

function start(request: Foreign): SdkRequest {
  const answer = new RecordingAnswer();
  const facts = { provider: 'deepgram', model: billedModel(request) };
  return new SdkRequest(
    openRecordedSpeech(facts, () => answer.audio),
    answer,
  );
}

/** What a recording was understood as. One that is answered elsewhere (`callback`) tells nothing here. */
class RecordingAnswer implements Answer {
  #words: string | undefined;
  #audio: RecordedAudio = {};
  #begun = false;

  get begun(): boolean {
    return this.#begun;
  }

  get finished(): boolean {
    return this.#begun;
  }

  get audio(): RecordedAudio {
    return this.#audio;
  }

  add(answer: unknown): boolean {
    this.#begun = true;
    const best = at(answer, 'results', 'channels', '0', 'alternatives', '0');
    const words = at(best, 'words');
    const timed: readonly unknown[] = Array.isArray(words) ? words : [];
    this.#words = text(at(best, 'transcript'));
    this.#audio = {
      seconds: quantity(at(answer, 'metadata', 'duration')),
      speechStartSeconds: quantity(at(timed.at(0), 'start')),
      speechEndSeconds: quantity(at(timed.at(-1), 'end')),
    };
    return this.#words !== undefined;
  }

  result(): StageResult {
    return { text: this.#words, usage: known({ audioSeconds: this.#audio.seconds }) };
  }
}
