import { openStage } from '../../call/open-stage.ts';
import type { StageResult } from '../../call/stage.ts';
import { type AudioFormat, rawAudio, UNTIMED, wavAudio } from '../kit/audio-format.ts';
import { type Foreign, quantity, text } from '../kit/patch.ts';
import { SdkRequest, type StartRequest } from '../kit/requests/sdk-request.ts';
import { SynthesisAnswer } from '../kit/requests/synthesis-answer.ts';
import { SpeechEvents } from './speech-events.ts';

/** OpenAI's `pcm` and `wav`: 16 bit, mono. */
const OPENAI_SAMPLE_RATE = 24_000;

/** Starts following `audio.speech.create` of OpenAI and Groq. `provider` names who speaks. */
export const speechRequest =
  (provider: (resource: unknown) => string): StartRequest =>
  (body, resource, adoption) => {
    const format = audioFormat(body);
    const answer =
      body.stream_format === 'sse' ? new SpokenEventsAnswer(format) : new SynthesisAnswer(format);
    answer.say(body.input);
    const stage = openStage('tts', { provider: provider(resource), model: text(body.model), adoption });
    return new SdkRequest(stage, answer);
  };

function audioFormat({ response_format: format, sample_rate, stream_format }: Foreign): AudioFormat {
  const rate = quantity(sample_rate);
  if (format === 'pcm') return rawAudio(rate ?? OPENAI_SAMPLE_RATE, 2);
  // The file says it itself, unless it comes in pieces of base64, which only OpenAI sends.
  if (format === 'wav' && stream_format === 'sse') return wavAudio(OPENAI_SAMPLE_RATE, 2);
  if (format === 'mulaw' && rate !== undefined) return rawAudio(rate, 1);
  return UNTIMED;
}

/** The body is server-sent events, which the SDK hands on as they are. */
class SpokenEventsAnswer extends SynthesisAnswer {
  readonly #events = new SpeechEvents();

  override get finished(): boolean {
    return this.#events.usage !== undefined;
  }

  override addBytes(chunk: Uint8Array): boolean {
    return this.addAudio(this.#events.add(chunk));
  }

  override result(): StageResult {
    const result = super.result();
    return { ...result, usage: { ...result.usage, ...this.#events.usage } };
  }
}
