import { errorType } from '../../call/spans.ts';
import { rawBytesPerSecond } from '../kit/audio-format.ts';
import { TranscriptionConnection } from '../kit/live/transcription-connection.ts';
import { at, type Foreign, foreign, objects, quantity, text } from '../kit/patch.ts';

/** Encodings by the names that others have for them. Of the compressed ones positions are not instants. */
const ENCODINGS: Readonly<Record<string, string>> = {
  LINEAR16: 'pcm',
  1: 'pcm',
  MULAW: 'mulaw',
  3: 'mulaw',
  ALAW: 'alaw',
};

/** One streamed recognition by Google Cloud. What may still change comes in pieces, behind which the last are the least certain. */
export class GoogleRecogniser extends TranscriptionConnection {
  #interim = '';
  /** Where the audio ended in which the latest word was understood. */
  #heardBySeconds: number | undefined;

  /** @param request What `streamingRecognize` is called with. */
  constructor(request: Foreign) {
    const config = foreign(request.config);
    const ofOne = rawBytesPerSecond(ENCODINGS[String(config?.encoding)], config?.sampleRateHertz);
    super({
      // Without a name it is this one.
      facts: { provider: 'gcp.speech', model: text(config?.model) ?? 'default' },
      bytesPerSecond: ofOne && ofOne * (quantity(config?.audioChannelCount) || 1),
    });
  }

  message(response: unknown, atMs: number): void {
    const { results, speechEventType: event, speechEventTime, totalBilledTime } = foreign(response) ?? {};
    if (event === 'SPEECH_ACTIVITY_BEGIN')
      this.transcription.speechStarted({ seconds: seconds(speechEventTime), atMs });
    let interim = '';
    for (const result of objects(results)) {
      const endSeconds = seconds(result.resultEndTime ?? result.resultEndOffset);
      this.transcription.processed(endSeconds);
      if (result.isFinal === true) this.#final(result, endSeconds, atMs);
      else {
        const said = text(at(result.alternatives, '0', 'transcript')) ?? '';
        if (interim === '' && said !== this.#interim) this.#heardBySeconds = endSeconds;
        interim += said;
      }
    }
    if (interim !== '') {
      this.#interim = interim;
      this.transcription.heard({
        text: interim.trim(),
        final: false,
        heardBySeconds: this.#heardBySeconds,
        atMs,
      });
    }
    const billed = seconds(totalBilledTime);
    if (billed !== undefined && billed > 0) this.transcription.billed(billed);
  }

  #final(result: Foreign, resultEndSeconds: number | undefined, atMs: number): void {
    const best = foreign(at(result.alternatives, '0'));
    const said = text(best?.transcript)?.trim();
    // Only if it was asked for.
    const words = objects(best?.words);
    const heardBySeconds = this.#heardBySeconds ?? resultEndSeconds;
    this.#interim = '';
    this.#heardBySeconds = undefined;
    if (said === undefined || said === '') return;
    this.transcription.heard({
      text: said,
      final: true,
      startSeconds: seconds(words.at(0)?.startTime ?? words.at(0)?.startOffset),
      endSeconds: seconds(words.at(-1)?.endTime ?? words.at(-1)?.endOffset),
      heardBySeconds,
      atMs,
    });
    this.transcription.utteranceEnded(atMs);
  }

  /** @param error What it broke by; undefined where it ended in good order. */
  closed(error: unknown): void {
    this.end({ final: true, error: error === undefined ? undefined : errorType(error) });
  }
}

/** A duration of Protocol Buffers, whose seconds are a number, a string or an object for more digits. */
function seconds(duration: unknown): number | undefined {
  const { seconds: whole = 0, nanos = 0 } = foreign(duration) ?? {};
  if (foreign(duration) === undefined) return undefined;
  return quantity(Number(String(whole ?? 0)) + Number(nanos ?? 0) / 1e9);
}
