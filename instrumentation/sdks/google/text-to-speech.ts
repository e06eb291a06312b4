import { followsRequests, openStage } from '../../call/open-stage.ts';
import { guard } from '../../call/spans.ts';
import { type AudioFormat, rawAudio, UNTIMED } from '../kit/audio-format.ts';
import { at, type Foreign, foreign, type Method, pick, text, wrapOnce } from '../kit/patch.ts';
import { SdkRequest, tracedRequest } from '../kit/requests/sdk-request.ts';
import { Synthesis } from '../kit/requests/synthesis.ts';
import { SynthesisAnswer } from '../kit/requests/synthesis-answer.ts';
import { followDuplex } from './duplex.ts';

/** `@google-cloud/text-to-speech`: `synthesizeSpeech` and `streamingSynthesize`. */
export function patchGoogleTextToSpeech(moduleExports: unknown): void {
  guard('patching @google-cloud/text-to-speech', () => {
    const clients = ['v1', 'v1beta1'].map((version) =>
      at(pick(moduleExports, version), 'TextToSpeechClient'),
    );
    for (const client of [...clients, pick(moduleExports, 'TextToSpeechClient')]) {
      wrapOnce(at(client, 'prototype'), 'synthesizeSpeech', tracedRequest('text-to-speech', start));
      wrapOnce(at(client, 'prototype'), 'streamingSynthesize', tracedStreaming);
    }
  });
}

function start({ input, voice }: Foreign): SdkRequest {
  const answer = new GoogleAnswer(UNTIMED);
  answer.say(spoken(input));
  return new SdkRequest(openStage('tts', { provider: 'gcp.speech', model: modelOf(voice) }), answer);
}

const spoken = (input: unknown): unknown => {
  const { text: words, ssml, markup } = foreign(input) ?? {};
  return text(words) ?? text(ssml) ?? markup;
};

/** What is billed is the kind of the voice: `en-US-Chirp3-HD-Charon` is of `chirp3-hd`. */
function modelOf(voice: unknown): string | undefined {
  const { modelName, name } = foreign(voice) ?? {};
  const kind =
    /(?:^|-)(standard|wavenet|neural2|studio|polyglot|news|casual|journey|chirp3-hd|chirp-hd)(?:-|$)/i;
  return text(modelName) ?? kind.exec(text(name) ?? '')?.[1]?.toLowerCase();
}

/** Audio comes as bytes. That of a request has the header of a WAV file where it is not compressed. */
class GoogleAnswer extends SynthesisAnswer {
  override add(item: unknown): boolean {
    // The promise gives a list: the answer, the request, nothing.
    const audio = at(Array.isArray(item) ? item[0] : item, 'audioContent');
    return audio instanceof Uint8Array && this.addBytes(audio);
  }
}

const tracedStreaming = (synthesize: Method): Method =>
  function (this: unknown, ...args) {
    const stream = synthesize.apply(this, args);
    if (!followsRequests()) return stream;
    guard('following a synthesis', () => {
      let config: Foreign | undefined;
      let synthesis: Synthesis | undefined;
      followDuplex(stream, {
        wrote: (message) => {
          config = foreign(at(message, 'streamingConfig')) ?? config;
          const words = spoken(at(message, 'input'));
          if (words === undefined) return;
          synthesis ??= begin(config ?? {});
          synthesis.say(words);
        },
        came: (message) => synthesis?.see(message),
        ended: () => synthesis?.end(),
        failed: (error) => synthesis?.fail(error),
        closed: () => synthesis?.cancel(),
      });
    });
    return stream;
  };

const begin = ({ voice, streamingAudioConfig }: Foreign): Synthesis =>
  new Synthesis(
    openStage('tts', { provider: 'gcp.speech', model: modelOf(voice) }),
    new GoogleAnswer(streamedFormat(foreign(streamingAudioConfig))),
  );

/** Of a stream: samples without a header, at a rate that it names. */
function streamedFormat(config: Foreign | undefined): AudioFormat {
  const encoding = String(config?.audioEncoding);
  if (encoding === 'PCM' || encoding === 'LINEAR16') return rawAudio(config?.sampleRateHertz, 2);
  if (encoding === 'MULAW' || encoding === 'ALAW') return rawAudio(config?.sampleRateHertz, 1);
  return UNTIMED;
}
