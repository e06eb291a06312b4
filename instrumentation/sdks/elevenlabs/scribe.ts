import type { Context } from '@opentelemetry/api';
import { closeError, refusalError } from '../kit/live/sockets.ts';
import { TranscriptionConnection } from '../kit/live/transcription-connection.ts';
import { at, type Foreign, foreign, quantity, text } from '../kit/patch.ts';
import { elevenLabsFormat } from './format.ts';

/** What the SDK sends when it takes the audio from a URL itself. */
const FORMAT_OF_URLS = 'pcm_16000';

/** Words that are committed, until it is told where they lie. */
interface Commit {
  readonly text: string;
  readonly atMs: number;
}

/** One connection of ElevenLabs' realtime transcription: its events in the words of a live transcription. */
export class ScribeConnection extends TranscriptionConnection {
  /** Where the words lie comes in a message of its own, behind the commit. */
  readonly #timed: boolean;
  /** The server commits by itself, after a silence. */
  readonly #detectsSilence: boolean;
  #silenceMs: number | undefined;
  /** When the application asked for the commit. */
  #askedMs: number | undefined;
  #commit: Commit | undefined;

  /**
   * @param options What the application connects with.
   * @param active The context that it connects in.
   */
  constructor(options: Foreign, active: Context) {
    super({
      facts: { provider: 'elevenlabs', model: text(options.modelId) },
      bytesPerSecond: elevenLabsFormat(options.audioFormat ?? FORMAT_OF_URLS).bytesPerSecond,
      active,
    });
    this.#timed = options.includeTimestamps === true;
    this.#detectsSilence = options.commitStrategy === 'vad';
    this.#silenceMs = milliseconds(options.vadSilenceThresholdSecs);
  }

  /** The application says that the user has finished. */
  commits(atMs: number): void {
    this.#askedMs = atMs;
  }

  /** An event of the connection, under the name that its message has too. */
  event(name: unknown, message: Foreign | undefined, atMs: number): void {
    if (name === 'open') this.opened();
    // Only the last says why the connection ended, if it was not closed in good order.
    else if (name === 'error') this.error = text(message?.message_type) ?? refusalError(message);
    else this.message({ ...message, message_type: name }, atMs);
  }

  message(data: unknown, atMs: number): void {
    const message = foreign(data);
    const words = text(message?.text);
    switch (message?.message_type) {
      case 'session_started':
        this.#silenceMs ??= milliseconds(at(message, 'config', 'vad_silence_threshold_secs'));
        break;
      // A final transcript comes again as a committed one.
      case 'partial_transcript':
      case 'final_transcript':
        this.#settle();
        if (words !== undefined) this.transcription.heard({ text: words, final: false, atMs });
        break;
      case 'committed_transcript':
        this.#settle();
        this.#commit = { text: words ?? '', atMs };
        if (!this.#timed) this.#settle();
        // The answer to these words does not wait for their positions.
        else if (words !== undefined) this.transcription.heard({ text: words, final: false, atMs });
        break;
      case 'committed_transcript_with_timestamps':
        this.#commit ??= { text: words ?? '', atMs };
        this.#settle(message?.words);
        break;
      default:
        // Whatever it is called: only the last says why the connection ended.
        if (text(message?.error) !== undefined) this.error = text(message?.message_type);
    }
  }

  /** The connection is gone. It is never opened again: the SDK makes a new one. */
  closed(code: unknown): void {
    this.#settle();
    this.end({ final: true, error: closeError(code) });
  }

  /** The words that were committed are known as well as they will be. */
  #settle(words?: unknown): void {
    const commit = this.#commit;
    if (!commit) return;
    this.#commit = undefined;
    const { atMs } = commit;
    const spoken = spokenWords(words);
    if (commit.text !== '') {
      const { text } = commit;
      const [startSeconds, endSeconds] = [spoken.at(0)?.start, spoken.at(-1)?.end];
      this.transcription.heard({ text, final: false, startSeconds, atMs });
      this.transcription.speechPaused({ endSeconds, atMs: atMs - this.#waitedMs(atMs) });
      this.transcription.heard({ text, final: true, startSeconds, endSeconds, atMs });
    }
    this.#askedMs = undefined;
    this.transcription.utteranceEnded(atMs);
  }

  /** How long it was silent before words came that were committed at `atMs`. */
  #waitedMs(atMs: number): number {
    if (this.#askedMs !== undefined) return Math.max(0, atMs - this.#askedMs);
    return (this.#detectsSilence ? this.#silenceMs : undefined) ?? 0;
  }
}

const milliseconds = (seconds: unknown): number | undefined => {
  const known = quantity(seconds);
  return known === undefined ? undefined : known * 1_000;
};

/** The words among what was said, in seconds of audio: blanks and sounds lie between them. */
function spokenWords(words: unknown): { readonly start: number; readonly end: number }[] {
  if (!Array.isArray(words)) return [];
  return words.flatMap((word: unknown) => {
    const { type = 'word', start, end } = foreign(word) ?? {};
    const [from, to] = [quantity(start), quantity(end)];
    return type === 'word' && from !== undefined && to !== undefined ? [{ start: from, end: to }] : [];
  });
}
