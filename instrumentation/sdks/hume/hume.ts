import { openStage } from '../../call/open-stage.ts';
import { guard } from '../../call/spans.ts';
import { type AudioFormat, rawAudio, UNTIMED } from '../kit/audio-format.ts';
import { at, type Foreign, objects, pick, text, wrapGetter, wrapOnce } from '../kit/patch.ts';
import { tracedFernRequest } from '../kit/requests/http-response-promise.ts';
import { SdkRequest } from '../kit/requests/sdk-request.ts';
import { tapBinary } from '../kit/requests/streams.ts';
import { HumeAnswer } from './answer.ts';

const METHODS = ['synthesizeJson', 'synthesizeFile', 'synthesizeJsonStreaming', 'synthesizeFileStreaming'];

/** Hume's `pcm`: 16 bit, mono. */
const PCM_SAMPLE_RATE = 48_000;

/** `hume`: synthesis over HTTP. */
export function patchHume(moduleExports: unknown): void {
  guard('patching hume', () =>
    // Its class is not exported: it is found through what the client gives.
    wrapGetter(at(pick(moduleExports, 'HumeClient'), 'prototype'), 'tts', (tts) =>
      guard('patching hume', () => {
        for (const name of METHODS) wrapOnce(Object.getPrototypeOf(tts), name, traced);
      }),
    ),
  );
}

const traced = tracedFernRequest('hume', (request) => {
  const answer = new HumeAnswer(audioFormat(at(request, 'format', 'type')));
  for (const utterance of objects(request.utterances)) answer.say(utterance.text);
  return new HumeRequest(openStage('tts', { provider: 'hume', model: modelOf(request) }), answer);
});

/** Which of the generations of Octave speaks, where the application says it. */
function modelOf({ version }: Foreign): string | undefined {
  const named = text(version);
  return named === undefined ? undefined : `octave-${named}`;
}

const audioFormat = (type: unknown): AudioFormat => (type === 'pcm' ? rawAudio(PCM_SAMPLE_RATE, 2) : UNTIMED);

class HumeRequest extends SdkRequest<HumeAnswer> {
  override parsed(data: unknown, response: unknown): void {
    const headers = at(response, 'headers');
    const given = headers instanceof Headers ? headers : undefined;
    if (!tapBinary(data, given, this.bodyTap())) super.parsed(data);
  }
}
