import { MULAW_SILENCE, TELEPHONE_RATE } from './audio.ts';

/** Samples of one side, from one on. */
interface Piece {
  readonly at: number;
  readonly sound: Uint8Array;
}

/** What a person on the telephone says and hears. Between pieces it is silent. */
export class LineRecording {
  readonly #said: Piece[] = [];
  #heard: Piece[] = [];

  /** @param atMs - when its first sample is spoken, since the call began */
  say(atMs: number, sound: Uint8Array): void {
    this.#said.push({ at: sampleAt(atMs), sound });
  }

  /** @param atMs - when its first sample is heard */
  hear(atMs: number, sound: Uint8Array): void {
    this.#heard.push({ at: sampleAt(atMs), sound });
  }

  /** What would have been heard later is not. */
  cut(atMs: number): void {
    const end = sampleAt(atMs);
    this.#heard = this.#heard.flatMap(({ at, sound }) =>
      at >= end ? [] : [{ at, sound: sound.subarray(0, end - at) }],
    );
  }

  /** What was heard, without the silence between. */
  get heard(): Buffer {
    return Buffer.concat(this.#heard.map(({ sound }) => sound));
  }

  /** All of it, in mu-law at 8 kHz, two bytes a sample: what was said and what was heard. */
  stereo(durationMs: number): Buffer {
    const samples = Math.max(0, sampleAt(durationMs));
    const stereo = Buffer.alloc(samples * 2, MULAW_SILENCE);
    for (const [side, pieces] of [this.#said, this.#heard].entries())
      for (const { at, sound } of pieces)
        for (let i = Math.max(0, -at); i < sound.length && at + i < samples; i++)
          stereo[(at + i) * 2 + side] = sound[i] ?? MULAW_SILENCE;
    return stereo;
  }
}

const sampleAt = (ms: number): number => Math.round((ms * TELEPHONE_RATE) / 1_000);
