import type { StreamingTranscriber } from 'assemblyai';
import { utterance } from '../../../demo/speech.ts';
import { type Said, talk } from '../talking.ts';

export const SPOKEN = utterance('hours-question');

export const silence = (seconds: number): Int16Array => new Int16Array(seconds * 8_000);
export const to =
  (session: StreamingTranscriber) =>
  (frame: { buffer: ArrayBufferLike }): void =>
    session.sendAudio(frame.buffer);
/** The same for a session that breaks: says whether it was sent. */
export const untilClosed =
  (session: StreamingTranscriber) =>
  (frame: { buffer: ArrayBufferLike }): boolean => {
    try {
      session.sendAudio(frame.buffer);
      return true;
    } catch {
      return false;
    }
  };
/** Sends what was said, and the silence that ends the turn. */
export async function say(session: StreamingTranscriber): Promise<Said> {
  const spoken = await talk(to(session), SPOKEN.samples);
  await talk(to(session), silence(0.6));
  return spoken;
}
