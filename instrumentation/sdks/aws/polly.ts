import { followsRequests, openStage } from '../../call/open-stage.ts';
import { guard } from '../../call/spans.ts';
import type { StageResult } from '../../call/stage.ts';
import { type AudioFormat, rawAudio, UNTIMED } from '../kit/audio-format.ts';
import { at, type Foreign, foreign, pick, quantity, text } from '../kit/patch.ts';
import { tapApiPromise } from '../kit/requests/api-promise.ts';
import { makeRequest, SdkRequest } from '../kit/requests/sdk-request.ts';
import { SynthesisAnswer } from '../kit/requests/synthesis-answer.ts';
import { followClient } from './command.ts';

/** Polly's `pcm`: 16 bit, mono, at this rate unless another is named. */
const PCM_SAMPLE_RATE = 16_000;

/** `@aws-sdk/client-polly`: `SynthesizeSpeech`. */
export function patchPolly(moduleExports: unknown): void {
  guard('patching @aws-sdk/client-polly', () =>
    followClient(pick(moduleExports, 'PollyClient'), (name, input, send) => {
      const request =
        name === 'SynthesizeSpeech' && followsRequests()
          ? guard('following a request', () => start(foreign(input) ?? {}))
          : undefined;
      if (!request) return send();
      const promise = makeRequest(request, send);
      tapApiPromise(promise, request);
      return promise;
    }),
  );
}

/** What is spoken of has no model: its engine, which is what is billed. */
function start(input: Foreign): PollyRequest | undefined {
  // Marks say where words will lie; nothing is spoken.
  if (input.OutputFormat === 'json') return undefined;
  const answer = new PollyAnswer(audioFormat(input));
  answer.say(input.Text);
  const stage = openStage('tts', { provider: 'aws.polly', model: text(input.Engine) ?? 'standard' });
  return new PollyRequest(stage, answer);
}

function audioFormat({ OutputFormat: format, SampleRate: rate }: Foreign): AudioFormat {
  if (format === 'pcm') return rawAudio(rate ?? PCM_SAMPLE_RATE, 2);
  if (format === 'mulaw' || format === 'alaw') return rawAudio(rate ?? 8_000, 1);
  return UNTIMED;
}

class PollyAnswer extends SynthesisAnswer {
  #billed: number | undefined;

  /** That is without what SSML adds to a text. */
  billed(characters: number | undefined): void {
    this.#billed = characters;
  }

  override result(): StageResult {
    const result = super.result();
    return this.#billed === undefined
      ? result
      : { ...result, usage: { ...result.usage, characters: this.#billed } };
  }
}

class PollyRequest extends SdkRequest<PollyAnswer> {
  override parsed(output: unknown): void {
    this.answer.billed(quantity(at(output, 'RequestCharacters')));
    super.parsed(at(output, 'AudioStream'));
  }
}
