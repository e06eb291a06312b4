import type { Speech } from '../../exporter/replay/script.ts';
import { standInWords } from '../../exporter/replay/stand-in.ts';
import { MULAW_SILENCE, mulawToLinear, TELEPHONE_RATE, voicedRanges } from '../audio.ts';
import { type SpokenWord, type Utterance, utterances } from '../speech.ts';

const samplesOf = (ms: number): number => Math.round((ms / 1_000) * TELEPHONE_RATE);

/** Between words. Shorter than any silence that ends an utterance: it has no pauses but those that it is to have. */
const GAP = samplesOf(5);
/** From where in the recordings one utterance is taken to where the next: far from one another, so that none is like another. */
const STRIDE = 30_011;

let pool: Uint8Array | undefined;

/** The voices of demo/speech, one after the other, without their silences. */
function voices(): Uint8Array {
  pool ??= Buffer.concat(
    [...utterances().values()].flatMap(({ mulaw, samples }) =>
      voicedRanges(samples, 2 * GAP).flatMap(({ start, end }) => [
        mulaw.subarray(start, end),
        Buffer.alloc(GAP, MULAW_SILENCE),
      ]),
    ),
  );
  return pool;
}

/** A voiced sample: the first and the last of an utterance are, or its length would be another. */
const LOUD = 0x20;

/**
 * A voice that speaks for exactly as long as the user did, with pauses where the user paused, and says what the user said, or words
 * that say nothing where that is not known.
 */
export function standInSpeech({ ms, pauses, text }: Speech, index: number): Utterance {
  const all = voices();
  const length = Math.max(FEWEST, samplesOf(ms));
  const mulaw = new Uint8Array(length).fill(MULAW_SILENCE);
  for (let at = 0, from = (index * STRIDE) % all.length; at < length; at += 1, from += 1)
    mulaw[at] = all[from % all.length] ?? LOUD;
  for (const pause of pauses) {
    const [from, to] = [samplesOf(pause.atMs), Math.min(length - 1, samplesOf(pause.atMs + pause.ms))];
    if (from <= 0 || to <= from) continue;
    mulaw.fill(MULAW_SILENCE, from, to);
    mulaw[from - 1] = LOUD;
    mulaw[to] = LOUD;
  }
  mulaw[0] = LOUD;
  mulaw[length - 1] = LOUD;
  const said = text ?? standInWords(ms, index);
  return {
    name: `${index}`,
    text: said,
    speechStartSeconds: 0,
    speechEndSeconds: length / TELEPHONE_RATE,
    words: wordsOf(said, length, pauses),
    mulaw,
    samples: mulawToLinear(mulaw),
  };
}

/** What a recogniser needs of a voice before it can say that there is one. */
const FEWEST = samplesOf(100);

/** The words at equal distances over what is no pause, the last to the end of speech. */
function wordsOf(text: string, length: number, pauses: Speech['pauses']): SpokenWord[] {
  const words = text.split(/\s+/);
  const total = length / TELEPHONE_RATE;
  const paused = pauses.reduce((sum, { ms }) => sum + ms / 1_000, 0);
  const each = Math.max(0.01, total - paused) / words.length;
  /** An instant of speech as one of the recording, later by the pauses before it. */
  const at = (spoken: number): number => {
    let seconds = spoken;
    for (const { atMs, ms } of pauses) if (seconds > atMs / 1_000 + 1e-6) seconds += ms / 1_000;
    return Math.min(seconds, total);
  };
  return words.map((word, index) => ({
    word,
    start: at(index * each),
    end: index === words.length - 1 ? total : at((index + 1) * each),
  }));
}
