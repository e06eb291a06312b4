import type { Context } from '@opentelemetry/api';
import { rawBytesPerSecond } from '../kit/audio-format.ts';
import { parseJson } from '../kit/json.ts';
import { TranscriptionConnection } from '../kit/live/transcription-connection.ts';
import { type Foreign, objects, quantity, text } from '../kit/patch.ts';
import { rawEnd } from '../kit/raw/connections.ts';
import { SpokenSoFar } from './spoken-so-far.ts';

/** Tokens that are no words: the user has finished, or the application has asked for what is outstanding. */
const ENDS: ReadonlySet<unknown> = new Set(['<end>', '<fin>']);

/**
 * One connection of Soniox's transcription. Each message has the tokens, parts of words, that became final since the last
 * one, and behind them those that may still change.
 */
export class SonioxConnection extends TranscriptionConnection {
  readonly #spoken: SpokenSoFar;

  /**
   * @param config The first message, which says what is sent.
   * @param active The context that it connects in.
   */
  constructor(config: Foreign, active: Context) {
    const ofOneChannel = rawBytesPerSecond(config.audio_format, config.sample_rate);
    super({
      facts: { provider: 'soniox', model: text(config.model) },
      bytesPerSecond: ofOneChannel && ofOneChannel * (quantity(config.num_channels) ?? 1),
      active,
    });
    this.#spoken = new SpokenSoFar(this.transcription);
  }

  message(data: unknown, atMs: number): void {
    const message = parseJson(data);
    if (!message) return;
    const code = quantity(message.error_code);
    if (code !== undefined) this.error = text(message.error_type) ?? String(code);
    this.transcription.processed(seconds(message.total_audio_proc_ms));
    let interim = '';
    for (const token of objects(message.tokens ?? [])) {
      if (token.translation_status === 'translation') continue;
      if (ENDS.has(token.text)) this.#spoken.end(atMs);
      else if (token.is_final === true) this.#spoken.add(word(token));
      else interim += text(token.text) ?? '';
    }
    this.#spoken.tell(interim, atMs);
    if (message.finished === true) this.#spoken.end(atMs);
  }

  closed(code: unknown): void {
    this.end(rawEnd(code));
  }
}

const word = (token: Foreign) => ({
  text: text(token.text) ?? '',
  startSeconds: seconds(token.start_ms),
  endSeconds: seconds(token.end_ms),
});

function seconds(ms: unknown): number | undefined {
  const known = quantity(ms);
  return known === undefined ? undefined : known / 1_000;
}
