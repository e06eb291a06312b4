import { TELEPHONE_RATE, type VoicedRange, voicedRanges } from '../audio.ts';
import { type SpokenWord, type Utterance, utterances } from '../speech.ts';

/** Audio needed before a guess: what a real voice detector needs too. */
const LEAST_SAMPLES = 480;
const LEAST_CORRELATION = 0.9;

/** A recorded utterance (or the part of it after a pause) that the audio was recognised as. */
export interface Recognition {
  readonly utterance: Utterance;
  /** The samples of the recording that were heard. */
  readonly range: VoicedRange;
}

/** Normalised correlation of two beginnings; 1 means the same audio, at whatever volume. */
function correlation(heard: Int16Array, recorded: Int16Array): number {
  const length = Math.min(heard.length, recorded.length);
  let [product, a, b] = [0, 0, 0];
  for (let i = 0; i < length; i++) {
    const [x, y] = [heard[i] ?? 0, recorded[i] ?? 0];
    product += x * y;
    a += x * x;
    b += y * y;
  }
  return a === 0 || b === 0 ? 0 : product / Math.sqrt(a * b);
}

const knownByGap = new Map<number, readonly Recognition[]>();

/** Every stretch of some speech, for a listener to whom `gapSamples` of silence separate two stretches. */
export const stretchesOf = (speech: readonly Utterance[], gapSamples: number): readonly Recognition[] =>
  speech.flatMap((utterance) =>
    voicedRanges(utterance.samples, gapSamples).map((range) => ({ utterance, range })),
  );

/**
 * Every stretch of every recording, for a listener to whom `gapSamples` of silence separate two stretches. Found once
 * for each gap, so that a new connection does not hold up the others.
 */
export function knownSpeech(gapSamples: number): readonly Recognition[] {
  const found = knownByGap.get(gapSamples) ?? stretchesOf([...utterances().values()], gapSamples);
  knownByGap.set(gapSamples, found);
  return found;
}

/** Recognises recorded speech by its audio; audio that is not a recording gives `undefined`. */
export function recognise(heard: Int16Array, known: readonly Recognition[]): Recognition | undefined {
  if (heard.length < LEAST_SAMPLES) return undefined;
  let best: { readonly recognition: Recognition; readonly score: number } | undefined;
  for (const recognition of known) {
    const { start, end } = recognition.range;
    const score = correlation(heard, recognition.utterance.samples.subarray(start, end));
    if (score >= LEAST_CORRELATION && score > (best?.score ?? 0)) best = { recognition, score };
  }
  return best?.recognition;
}

/**
 * The words heard after `heardSeconds` of a stretch that began at `startSeconds` of the stream, timed in seconds of the
 * stream. A word counts when its middle was heard; with `whole`, when all of it was.
 */
export function wordsHeard(
  { utterance, range }: Recognition,
  startSeconds: number,
  heardSeconds: number,
  whole = false,
): SpokenWord[] {
  const offset = startSeconds - range.start / TELEPHONE_RATE;
  const last = Math.min(range.start / TELEPHONE_RATE + heardSeconds, range.end / TELEPHONE_RATE);
  return utterance.words
    .filter(
      ({ start, end }) =>
        start >= range.start / TELEPHONE_RATE - 0.02 && (whole ? end - 0.001 : (start + end) / 2) <= last,
    )
    .map(({ word, start, end }) => ({ word, start: start + offset, end: Math.min(end, last) + offset }));
}
