import type { Context } from '@opentelemetry/api';
import { parseJson } from '../kit/json.ts';
import { TranscriptionConnection } from '../kit/live/transcription-connection.ts';
import { pausesBetween } from '../kit/live/words.ts';
import { at, type Foreign, foreign, objects, quantity, text } from '../kit/patch.ts';
import { rawEnd } from '../kit/raw/connections.ts';

/** Bytes a second of what the API takes: five rates, of one to four bytes a sample. */
const FORMATS = [8_000, 16_000, 32_000, 44_100, 48_000].flatMap((rate) =>
  [1, 2, 3, 4].map((bytes) => rate * bytes),
);

/**
 * One connection of Gladia's live transcription. What is sent on it was settled by a request before it, which no one
 * follows: the server tells it, by where the pieces that it acknowledges lie in bytes and in seconds.
 */
export class GladiaConnection extends TranscriptionConnection {
  /** Seconds of the session's audio before this connection, where it goes on with one that broke off. */
  #before: number | undefined;

  /** @param active The context that it connects in. */
  constructor(active: Context) {
    super({ facts: { provider: 'gladia' }, bytesPerSecond: 'told', active });
  }

  message(data: unknown, atMs: number): void {
    const message = parseJson(data);
    const told = foreign(message?.data);
    switch (message?.type) {
      case 'audio_chunk':
        if (told) this.#acknowledged(told);
        break;
      case 'speech_start':
        this.transcription.speechStarted({ seconds: this.#here(told?.time), atMs });
        break;
      case 'speech_end':
        this.transcription.speechPaused({ heardBySeconds: this.#here(told?.time), atMs });
        break;
      case 'transcript':
        if (told) this.#understood(told, atMs);
        break;
      case 'end_recording':
        this.transcription.billed(this.#here(told?.recording_duration));
        break;
      case 'post_final_transcript':
        this.transcription.billed(this.#here(at(told, 'metadata', 'billing_time')));
        break;
    }
  }

  closed(code: unknown): void {
    this.end(rawEnd(code));
  }

  #acknowledged({ byte_range, time_range }: Foreign): void {
    const [fromSeconds, toSeconds] = range(time_range);
    const [, toBytes] = range(byte_range);
    this.#before ??= fromSeconds;
    if (toBytes === undefined || toSeconds === undefined || toSeconds <= 0) return;
    this.transcription.sentIsOf(nearestFormat(toBytes / toSeconds));
  }

  #understood(told: Foreign, atMs: number): void {
    const utterance = foreign(told.utterance);
    const said = text(utterance?.text)?.trim();
    if (!said) return;
    const words = objects(utterance?.words ?? []).flatMap((word) => {
      const [start, end] = [quantity(word.start), quantity(word.end)];
      return start === undefined || end === undefined ? [] : [{ start, end }];
    });
    const final = told.is_final === true;
    this.transcription.heard({
      text: said,
      final,
      startSeconds: this.#here(words.at(0)?.start ?? utterance?.start),
      endSeconds: final ? this.#here(words.at(-1)?.end ?? utterance?.end) : undefined,
      ...(words.length > 0 && { pauses: pausesBetween(words) }),
      atMs,
    });
    if (final) this.transcription.utteranceEnded(atMs);
  }

  /** A position in the session's audio as one in that of this connection. */
  #here(seconds: unknown): number | undefined {
    const known = quantity(seconds);
    return known === undefined ? undefined : known - (this.#before ?? 0);
  }
}

const range = (value: unknown): (number | undefined)[] => (Array.isArray(value) ? value.map(quantity) : []);

/** What it must be, where times are told in milliseconds; anything else has more than one channel. */
function nearestFormat(bytesPerSecond: number): number {
  const nearest = FORMATS.reduce((best, each) =>
    Math.abs(each - bytesPerSecond) < Math.abs(best - bytesPerSecond) ? each : best,
  );
  return Math.abs(nearest / bytesPerSecond - 1) < 0.03 ? nearest : Math.round(bytesPerSecond);
}
