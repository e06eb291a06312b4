import { isVoiced, mulawToLinear, TELEPHONE_RATE } from '../audio.ts';
import type { SpokenWord, Utterance } from '../speech.ts';
import type { Random } from './random.ts';
import { knownSpeech, type Recognition, recognise, stretchesOf, wordsHeard } from './recognise.ts';

/** How a stream is encoded and what its client wants to hear. */
export interface ListeningOptions {
  readonly encoding: 'mulaw' | 'linear16';
  /** A multiple of 8000. */
  readonly sampleRate: number;
  readonly interimResults: boolean;
  /** Silence that ends an utterance; `undefined` when the client switched endpointing off. */
  readonly endpointingMs: number | undefined;
  /** Silence after the last word that is reported on its own; `undefined` when not asked for. */
  readonly utteranceEndMs: number | undefined;
  readonly random: Random;
  /** What it can recognise. (Default: the recordings of demo/speech.) */
  readonly speech?: readonly Utterance[] | undefined;
}

/** What the listener hears, in seconds of the stream's audio. */
export type Heard =
  | { readonly kind: 'speech_started'; readonly atSeconds: number }
  | {
      readonly kind: 'results';
      readonly start: number;
      readonly duration: number;
      readonly words: readonly SpokenWord[];
      readonly isFinal: boolean;
      readonly speechFinal: boolean;
      readonly fromFinalize: boolean;
      /** The name of what was recognised. */
      readonly utterance?: string | undefined;
    }
  | { readonly kind: 'utterance_end'; readonly lastWordEnd: number };

interface Speech {
  /** Index in the stream of the first voiced sample. */
  readonly startSample: number;
  /** Index in the stream after the last voiced sample so far. */
  endSample: number;
  readonly samples: number[];
  recognition: Recognition | undefined;
  nextInterimSample: number;
}

/** Longest window of one Results message while someone speaks, and while no one does. */
const LONGEST_WINDOW_SECONDS = 5;
const LONGEST_SILENCE_SECONDS = 3;
const ENDPOINTING_WHEN_OFF_MS = 300;
/** What is not a recording after so much of it stays noise. */
const LONGEST_GUESS_SAMPLES = TELEPHONE_RATE;

const seconds = (samples: number): number => samples / TELEPHONE_RATE;
const samplesOf = (ms: number): number => Math.round((ms / 1000) * TELEPHONE_RATE);

/**
 * Follows one audio stream: finds speech by its energy, recognises which recording it is, and says what a streaming
 * recogniser would say about it. Driven by the audio alone: its clock is the count of samples.
 */
export class Listener {
  readonly #options: ListeningOptions;
  readonly #gapSamples: number;
  readonly #known: readonly Recognition[];
  readonly #hear: (heard: Heard) => void;
  #position = 0;
  #windowStart = 0;
  #nextSilentInterim = TELEPHONE_RATE;
  #speech: Speech | undefined;
  #wordsGiven = 0;
  #lastWordEnd: number | undefined;

  /** @param hear Receives each event at the moment its audio has arrived. */
  constructor(options: ListeningOptions, hear: (heard: Heard) => void) {
    this.#options = options;
    this.#gapSamples = samplesOf(options.endpointingMs ?? ENDPOINTING_WHEN_OFF_MS);
    const { speech } = options;
    this.#known = speech ? stretchesOf(speech, this.#gapSamples) : knownSpeech(this.#gapSamples);
    this.#hear = hear;
  }

  /** Seconds of audio received. */
  get audioSeconds(): number {
    return seconds(this.#position);
  }

  /** Takes the next piece of the stream. */
  push(bytes: Uint8Array): void {
    for (const sample of this.#decode(bytes)) this.#pushSample(sample);
    this.#report();
  }

  /** Gives what is known now as final, as `Finalize` and the end of a stream ask. */
  finalize(fromFinalize: boolean): void {
    if (fromFinalize || this.#words().length > 0) this.#results(true, true, fromFinalize);
    this.#endSpeech();
  }

  #decode(bytes: Uint8Array): Int16Array {
    if (this.#options.encoding === 'mulaw') return mulawToLinear(bytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const step = this.#options.sampleRate / TELEPHONE_RATE;
    const length = Math.floor(bytes.byteLength / 2 / step);
    return Int16Array.from({ length }, (_, i) => view.getInt16(i * step * 2, true));
  }

  #pushSample(sample: number): void {
    // Within one piece of audio too: an utterance may end and the next begin in it.
    if (this.#speech && this.#position - this.#speech.endSample >= this.#gapSamples) this.#report();
    if (!this.#speech && isVoiced(sample)) {
      const startSample = this.#position;
      const nextInterimSample = startSample + samplesOf(this.#options.random.between(150, 300));
      this.#speech = {
        startSample,
        endSample: startSample,
        samples: [],
        recognition: undefined,
        nextInterimSample,
      };
      this.#wordsGiven = 0;
    }
    this.#position++;
    if (this.#speech) {
      this.#speech.samples.push(sample);
      if (isVoiced(sample)) this.#speech.endSample = this.#position;
    }
  }

  /** Says what has become due by the audio received so far. */
  #report(): void {
    const speech = this.#speech;
    if (!speech) {
      this.#reportSilence();
      return;
    }
    if (!speech.recognition && speech.samples.length <= LONGEST_GUESS_SAMPLES) {
      speech.recognition = recognise(Int16Array.from(speech.samples), this.#known);
      if (speech.recognition) {
        this.#hear({ kind: 'speech_started', atSeconds: seconds(speech.startSample) });
        this.#lastWordEnd = undefined;
      }
    }
    if (this.#position - speech.endSample >= this.#gapSamples) {
      if (speech.recognition) this.#results(true, this.#options.endpointingMs !== undefined, false);
      this.#endSpeech();
    } else if (speech.recognition && this.#position >= speech.nextInterimSample) {
      speech.nextInterimSample = this.#position + samplesOf(this.#options.random.between(250, 400));
      const isFinal = seconds(this.#position - this.#windowStart) >= LONGEST_WINDOW_SECONDS;
      if (isFinal || this.#options.interimResults) this.#results(isFinal, false, false);
    }
  }

  #reportSilence(): void {
    const { utteranceEndMs, interimResults } = this.#options;
    if (this.#lastWordEnd !== undefined && utteranceEndMs !== undefined) {
      if (seconds(this.#position) - this.#lastWordEnd >= utteranceEndMs / 1000) {
        this.#hear({ kind: 'utterance_end', lastWordEnd: this.#lastWordEnd });
        this.#lastWordEnd = undefined;
      }
    }
    if (this.#position < this.#nextSilentInterim) return;
    const isFinal = seconds(this.#position - this.#windowStart) >= LONGEST_SILENCE_SECONDS;
    if (isFinal || interimResults) this.#results(isFinal, false, false);
    this.#nextSilentInterim = this.#position + TELEPHONE_RATE;
  }

  #endSpeech(): void {
    this.#speech = undefined;
    this.#nextSilentInterim = this.#position + TELEPHONE_RATE;
  }

  /** The words of this window: those heard, or heard whole, and not yet given as final. */
  #words(whole = false): readonly SpokenWord[] {
    const speech = this.#speech;
    if (!speech) return [];
    // Looked at again with all the audio: the beginnings of two recordings can be alike.
    speech.recognition = recognise(Int16Array.from(speech.samples), this.#known) ?? speech.recognition;
    if (!speech.recognition) return [];
    const heard = seconds(speech.endSample - speech.startSample);
    const words = wordsHeard(speech.recognition, seconds(speech.startSample), heard, whole);
    return words.slice(this.#wordsGiven);
  }

  #results(isFinal: boolean, speechFinal: boolean, fromFinalize: boolean): void {
    // A final in the middle of speech leaves the word that is being said to the next.
    const words = this.#words(isFinal && !speechFinal && !fromFinalize);
    const speaking = this.#speech?.recognition !== undefined;
    // A recogniser that has not made out a word yet says nothing rather than an empty line.
    if (speaking && words.length === 0 && !isFinal) return;
    const [start, end] = [seconds(this.#windowStart), seconds(this.#position)];
    const utterance = this.#speech?.recognition?.utterance.name;
    const results = { start, duration: end - start, words, isFinal, speechFinal, fromFinalize, utterance };
    this.#hear({ kind: 'results', ...results });
    if (!isFinal) return;
    this.#windowStart = this.#position;
    this.#wordsGiven += words.length;
    this.#lastWordEnd = words.at(-1)?.end ?? this.#lastWordEnd;
  }
}
