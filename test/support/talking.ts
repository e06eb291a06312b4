import { FRAME_BYTES, MULAW_SILENCE } from '../../demo/audio.ts';
import { nowUs } from '../../instrumentation/call/clock.ts';

/** When something was said. */
export interface Said {
  /** When the first byte of the audio was spoken, in microseconds since 1970. */
  readonly startUs: number;
  /** By how much the latest frame was late: what it carried was, for a listener, spoken so much later. */
  readonly lateUs: number;
}

/** Gives audio at 8 kHz to `send` at the pace of speech, in frames of 20 ms, until that says `false`. */
export async function talk<Audio extends Int16Array | Uint8Array>(
  send: (frame: Audio) => unknown,
  audio: Audio,
): Promise<Said> {
  const startMs = performance.now();
  const startUs = nowUs();
  let lateUs = 0;
  for (let at = 0; at < audio.length; at += FRAME_BYTES) {
    // The frame is sent when the last of it has been spoken.
    const dueMs = startMs + (at + FRAME_BYTES) / 8;
    await new Promise((resolve) => setTimeout(resolve, dueMs - performance.now()));
    lateUs = Math.max(lateUs, (performance.now() - dueMs) * 1_000);
    if (send(audio.slice(at, at + FRAME_BYTES) as Audio) === false) break;
  }
  return { startUs, lateUs };
}

/** Digital silence in mu-law at 8 kHz. */
export const silence = (seconds: number): Uint8Array =>
  new Uint8Array(Math.round(seconds * 8_000)).fill(MULAW_SILENCE);
