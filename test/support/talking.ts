import { nowUs } from '../../instrumentation/call/clock.ts';
import { FRAME_BYTES, MULAW_SILENCE } from './audio.ts';

/** When something was said. */
export interface Said {
  /** When the first byte of the audio was spoken, in microseconds since 1970. */
  readonly startUs: number;
  /** By how much the latest frame was late: what it carried was, for a listener, spoken so much later. */
  readonly lateUs: number;
}

/** Sends mu-law audio at the pace of speech, in frames of 20 ms. */
export async function talk(send: (frame: Uint8Array) => void, audio: Uint8Array): Promise<Said> {
  const startMs = performance.now();
  const startUs = nowUs();
  let lateUs = 0;
  for (let at = 0; at < audio.length; at += FRAME_BYTES) {
    // The frame is sent when the last of it has been spoken.
    const dueMs = startMs + (at + FRAME_BYTES) / 8;
    await new Promise((resolve) => setTimeout(resolve, dueMs - performance.now()));
    lateUs = Math.max(lateUs, (performance.now() - dueMs) * 1_000);
    send(audio.subarray(at, at + FRAME_BYTES));
  }
  return { startUs, lateUs };
}

/** Digital silence in mu-law at 8 kHz. */
export const silence = (seconds: number): Uint8Array =>
  new Uint8Array(Math.round(seconds * 8_000)).fill(MULAW_SILENCE);
