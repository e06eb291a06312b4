import { FRAME_BYTES, MULAW_SILENCE, mulawToLinear, TELEPHONE_RATE } from '../../demo/audio.ts';
import { nowMicros } from '../../demo/now.ts';
import type { Spoken } from '../../demo/phone-line.ts';
import { type Utterance, utterance } from '../../demo/speech.ts';

const FRAME_MS = 20;

/** Mu-law as 16-bit PCM at 24 kHz: each sample three times. */
export function toPcm24(mulaw: Uint8Array): Buffer {
  const samples = mulawToLinear(mulaw);
  const bytes = Buffer.alloc(samples.length * 6);
  samples.forEach((sample, i) => {
    for (let copy = 0; copy < 3; copy++) bytes.writeInt16LE(sample, (i * 3 + copy) * 2);
  });
  return bytes;
}

/** When something was said into a microphone. */
export interface SaidInto extends Spoken {
  /** By how much the latest frame so far was late: a listener hears what it carried so much later. */
  readonly lateMicros: number;
}

/**
 * Someone at a microphone: frames of 20 ms at the pace of speech, silence when nothing is said. A frame goes out when its
 * last sample has been spoken.
 */
export class Microphone {
  readonly #send: (mulaw: Uint8Array) => void;
  readonly #beganAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #frames = 0;
  #lateMicros = 0;
  #saying:
    | { said: Utterance; position: number; startedMicros: number; resolve: (spoken: SaidInto) => void }
    | undefined;

  /** @param send Gets each frame, mu-law at 8 kHz. */
  constructor(send: (mulaw: Uint8Array) => void) {
    this.#send = send;
    this.#schedule();
  }

  /** Seconds of audio sent. */
  get seconds(): number {
    return (this.#frames * FRAME_MS) / 1_000;
  }

  /** Speaks a recording; resolves when its last voiced sample has been sent, with when it was spoken. */
  say(name: string): Promise<SaidInto> {
    return new Promise((resolve) => {
      this.#saying = { said: utterance(name), position: 0, startedMicros: 0, resolve };
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    const due = this.#beganAt + (this.#frames + 1) * FRAME_MS;
    this.#timer = setTimeout(() => {
      while (this.#beganAt + (this.#frames + 1) * FRAME_MS <= performance.now() + 0.5) this.#frame();
      this.#schedule();
    }, due - performance.now());
  }

  #frame(): void {
    this.#frames++;
    const lateMs = performance.now() - this.#beganAt - this.#frames * FRAME_MS;
    this.#lateMicros = Math.max(this.#lateMicros, Math.round(lateMs * 1_000));
    const frame = new Uint8Array(FRAME_BYTES).fill(MULAW_SILENCE);
    const saying = this.#saying;
    if (saying) frame.set(saying.said.mulaw.subarray(saying.position, saying.position + FRAME_BYTES));
    const sentMicros = nowMicros();
    this.#send(frame);
    if (!saying) return;
    saying.position += FRAME_BYTES;
    const spokenAt = (seconds: number): number =>
      Math.round(sentMicros - (saying.position / TELEPHONE_RATE - seconds) * 1e6);
    const { speechStartSeconds, speechEndSeconds, mulaw } = saying.said;
    const reached = saying.position / TELEPHONE_RATE;
    if (saying.startedMicros === 0 && speechStartSeconds < reached)
      saying.startedMicros = spokenAt(speechStartSeconds);
    if (speechEndSeconds <= reached && speechEndSeconds > reached - FRAME_MS / 1_000)
      saying.resolve({
        startedMicros: saying.startedMicros,
        endedMicros: spokenAt(speechEndSeconds),
        lateMicros: this.#lateMicros,
      });
    if (saying.position >= mulaw.length) this.#saying = undefined;
  }
}
