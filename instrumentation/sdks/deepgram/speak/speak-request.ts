import { UNTIMED } from '../../kit/audio-format.ts';
import { at, type Foreign, text } from '../../kit/patch.ts';
import { tracedFernRequest } from '../../kit/requests/http-response-promise.ts';
import { tapBinary } from '../../kit/requests/streams.ts';
import { requestFormat } from '../audio.ts';
import { DeepgramSynthesis } from './synthesis.ts';

/** `speak.v1.audio.generate(request, options)`, and the same of v2: one text, one answer that is audio. */
export const tracedGenerate = tracedFernRequest('deepgram', (request) => new GenerateRequest(request));

class GenerateRequest extends DeepgramSynthesis {
  /** What answers is a receipt: the audio goes elsewhere. */
  readonly #elsewhere: boolean;

  constructor(request: Foreign) {
    const elsewhere = text(request.callback) !== undefined;
    super(text(request.model), elsewhere ? UNTIMED : requestFormat(request));
    this.#elsewhere = elsewhere;
    this.say(request.text);
  }

  override parsed(data: unknown, response: unknown): void {
    const given = at(response, 'headers');
    const headers = given instanceof Headers ? given : undefined;
    const characters = Number(headers?.get('dg-char-count') || Number.NaN);
    if (Number.isInteger(characters)) this.reported({ characters });
    if (this.#elsewhere || !tapBinary(data, headers, this.bodyTap())) this.end();
  }
}
