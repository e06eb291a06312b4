import type { Context } from '@opentelemetry/api';
import { rawBytesPerSecond } from '../kit/audio-format.ts';
import { parseJson } from '../kit/json.ts';
import { TranscriptionConnection } from '../kit/live/transcription-connection.ts';
import { at, type Foreign, foreign, objects, quantity, text } from '../kit/patch.ts';
import { rawEnd } from '../kit/raw/connections.ts';
import { SpokenSoFar } from './spoken-so-far.ts';

/** One connection of Speechmatics' real-time API. */
export class SpeechmaticsConnection extends TranscriptionConnection {
  readonly #spoken: SpokenSoFar;
  /** The server says when the user has finished: only if it was asked to. */
  readonly #endsUtterances: boolean;

  /**
   * @param start `StartRecognition`, which says what is sent.
   * @param active The context that it connects in.
   */
  constructor(start: Foreign, active: Context) {
    const config = foreign(start.transcription_config);
    super({
      facts: { provider: 'speechmatics', model: text(config?.model) ?? text(config?.operating_point) },
      bytesPerSecond: rawBytesPerSecond(
        at(start, 'audio_format', 'encoding'),
        at(start, 'audio_format', 'sample_rate'),
      ),
      active,
    });
    this.#spoken = new SpokenSoFar(this.transcription);
    this.#endsUtterances =
      (quantity(at(config, 'conversation_config', 'end_of_utterance_silence_trigger')) ?? 0) > 0;
  }

  message(data: unknown, atMs: number): void {
    const message = parseJson(data);
    const said = at(message, 'metadata', 'transcript');
    switch (message?.message) {
      case 'AddPartialTranscript':
        if (typeof said === 'string') this.#spoken.tell(said, atMs);
        break;
      case 'AddTranscript': {
        const results = objects(message.results ?? []);
        const words = results.filter(({ type }) => type === 'word');
        this.#spoken.add({
          text: typeof said === 'string' ? said : '',
          startSeconds: quantity(words.at(0)?.start_time),
          endSeconds: quantity(words.at(-1)?.end_time),
        });
        this.#spoken.tell('', atMs);
        this.transcription.processed(quantity(at(message, 'metadata', 'end_time')));
        if (!this.#endsUtterances && results.some(({ is_eos }) => is_eos === true)) this.#spoken.end(atMs);
        break;
      }
      case 'EndOfUtterance':
      case 'EndOfTranscript':
        this.#spoken.end(atMs);
        break;
      case 'Error':
        this.error = text(message.type) ?? 'error';
        break;
    }
  }

  closed(code: unknown): void {
    this.end(rawEnd(code));
  }
}
