import type { Context } from '@opentelemetry/api';
import { TranscriptionConnection } from '../kit/live/transcription-connection.ts';
import { at, objects, quantity, text } from '../kit/patch.ts';
import { rawEnd } from '../kit/raw/connections.ts';
import { type AzureMessage, readAzureMessage, said, ticks } from './messages.ts';

/** One connection of Azure's speech recognition. Its phrases say where they lie in the audio. */
export class AzureRecognition extends TranscriptionConnection {
  /** @param bytesPerSecond As the header in front of the audio says; undefined for compressed audio. */
  constructor(bytesPerSecond: number | undefined, active: Context) {
    super({ facts: { provider: 'azure.ai.speech' }, bytesPerSecond, active });
  }

  message(data: unknown, atMs: number): void {
    const message = readAzureMessage(data);
    switch (message?.path) {
      case 'speech.startdetected':
        this.transcription.speechStarted({ seconds: ticks(said(message).Offset), atMs });
        break;
      case 'speech.hypothesis':
      case 'speech.fragment':
        this.#hypothesis(message, atMs);
        break;
      case 'speech.phrase':
        this.#phrase(message, atMs);
        break;
    }
  }

  #hypothesis(message: AzureMessage, atMs: number): void {
    const { Text: words, Offset: offset } = said(message);
    const known = text(words);
    if (known !== undefined)
      this.transcription.heard({ text: known, final: false, startSeconds: ticks(offset), atMs });
  }

  /** Whole, or with what else it could have been, the best of it first. */
  #phrase(message: AzureMessage, atMs: number): void {
    const phrase = said(message);
    const best = at(phrase.NBest, '0');
    const words = text(phrase.DisplayText) ?? text(at(best, 'Display'));
    const startSeconds = ticks(phrase.Offset);
    const seconds = ticks(phrase.Duration);
    const whole = startSeconds !== undefined && seconds !== undefined ? startSeconds + seconds : undefined;
    this.transcription.processed(whole);
    if (words === undefined) return;
    const last = objects(at(best, 'Words')).at(-1);
    const lastStart = ticks(last?.Offset);
    const endSeconds = lastStart === undefined ? whole : lastStart + (ticks(quantity(last?.Duration)) ?? 0);
    this.transcription.heard({ text: words, final: true, startSeconds, endSeconds, atMs });
    this.transcription.utteranceEnded(atMs);
  }

  closed(code: unknown): void {
    this.end(rawEnd(code));
  }
}
