import { openRecordedSpeech, type RecordedAudio } from '../../../call/recorded-speech.ts';
import type { StageResult } from '../../../call/stage.ts';
import { at, type Foreign, quantity, text } from '../../kit/patch.ts';
import { tracedFernRequest } from '../../kit/requests/http-response-promise.ts';
import { type Answer, SdkRequest } from '../../kit/requests/sdk-request.ts';
import { known } from '../../kit/usage.ts';
import { billedModel } from '../audio.ts';

/** `listen.v1.media.transcribeUrl(request, options)`. */
export const tracedTranscribeUrl = tracedFernRequest('deepgram', start, 0);

/** `listen.v1.media.transcribeFile(file, request, options)`. */
export const tracedTranscribeFile = tracedFernRequest('deepgram', start, 1);

function start(request: Foreign): SdkRequest {
  const answer = new RecordingAnswer();
  const facts = { provider: 'deepgram', model: billedModel(request) };
  return new SdkRequest(
    openRecordedSpeech(facts, () => answer.audio),
    answer,
  );
}

/** What a recording was understood as. One that is answered elsewhere (`callback`) says nothing here. */
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
