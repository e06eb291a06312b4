import { context } from '@opentelemetry/api';
import { nowMs } from '../../call/clock.ts';
import { followsRequests } from '../../call/open-stage.ts';
import { errorType, guard } from '../../call/spans.ts';
import { rawBytesPerSecond } from '../kit/audio-format.ts';
import { TranscriptionConnection } from '../kit/live/transcription-connection.ts';
import { at, type Foreign, foreign, objects, pick, quantity, text } from '../kit/patch.ts';
import { tapIterable } from '../kit/requests/streams.ts';
import { followClient } from './command.ts';

/** `@aws-sdk/client-transcribe-streaming`: `StartStreamTranscription`. */
export function patchTranscribe(moduleExports: unknown): void {
  guard('patching @aws-sdk/client-transcribe-streaming', () =>
    followClient(pick(moduleExports, 'TranscribeStreamingClient'), (name, input, send, options) => {
      const request = foreign(input) as Record<string, unknown> | undefined;
      const connection =
        name === 'StartStreamTranscription' && request && followsRequests()
          ? guard('following a transcription', () => begin(request))
          : undefined;
      if (!connection) return send();
      const aborted = (): boolean => at(options, 'abortSignal', 'aborted') === true;
      const promise = context.with(connection.context, send);
      void Promise.resolve(promise).then(
        (output) => guard('following a transcription', () => listen(output, connection, aborted)),
        (error) => guard('following a transcription', () => connection.closed(aborted() ? undefined : error)),
      );
      return promise;
    }),
  );
}

function begin(request: Record<string, unknown>): TranscribeConnection {
  const connection = new TranscribeConnection(request);
  const { AudioStream: audio } = request;
  request.AudioStream = counted(audio as AsyncIterable<unknown>, connection);
  return connection;
}

/** The audio as it is sent, which tells how much of it there was. */
async function* counted(
  audio: AsyncIterable<unknown>,
  connection: TranscribeConnection,
): AsyncGenerator<unknown> {
  for await (const event of audio) {
    const chunk = at(event, 'AudioEvent', 'AudioChunk');
    if (chunk instanceof Uint8Array)
      guard('counting audio', () => connection.sent(chunk.byteLength, nowMs()));
    yield event;
  }
}

function listen(output: unknown, connection: TranscribeConnection, aborted: () => boolean): void {
  connection.opened();
  tapIterable(at(output, 'TranscriptResultStream'), {
    see: (event) => connection.message(event, nowMs()),
    end: () => connection.closed(undefined),
    cancel: () => connection.closed(undefined),
    fail: (error) => connection.closed(aborted() ? undefined : error),
  });
}

/** One streamed transcription by Amazon Transcribe. Its results are of segments, the last of which in full are final. */
class TranscribeConnection extends TranscriptionConnection {
  constructor(request: Foreign) {
    const channels = quantity(request.NumberOfChannels) ?? 1;
    const ofOne = rawBytesPerSecond(request.MediaEncoding, request.MediaSampleRateHertz);
    super(
      {
        facts: { provider: 'aws.transcribe', model: text(request.LanguageModelName) },
        bytesPerSecond: ofOne && ofOne * channels,
      },
      { countsFromAudio: true },
    );
  }

  message(event: unknown, atMs: number): void {
    for (const result of objects(at(event, 'TranscriptEvent', 'Transcript', 'Results')))
      this.#result(result, atMs);
  }

  #result(result: Foreign, atMs: number): void {
    const best = at(result.Alternatives, '0');
    const words = objects(at(best, 'Items')).filter(({ Type: type }) => type === 'pronunciation');
    const said = text(at(best, 'Transcript'));
    const final = result.IsPartial !== true;
    this.transcription.processed(quantity(result.EndTime));
    if (said === undefined) return;
    this.transcription.heard({
      text: said,
      final,
      startSeconds: quantity(words.at(0)?.StartTime) ?? quantity(result.StartTime),
      endSeconds: quantity(words.at(-1)?.EndTime) ?? quantity(result.EndTime),
      atMs,
    });
    if (final) this.transcription.utteranceEnded(atMs);
  }

  /** @param error What it broke by; undefined where it ended in good order. */
  closed(error: unknown): void {
    this.end({ final: true, error: error === undefined ? undefined : errorType(error) });
  }
}
