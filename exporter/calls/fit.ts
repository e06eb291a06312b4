import type { StageFact } from '../../model/facts.ts';

/** English is spoken so fast, and a token has so many characters. Others differ by less than twice. */
const CHARACTERS_PER_SECOND = 15;
const CHARACTERS_PER_TOKEN = 4;
/** Requests whose tokens are so near each other's fit equally well. */
const ALIKE = Math.log(2);
/** Of a request whose tokens are not known: no worse than one of three times the tokens. */
const UNKNOWN_FIT = Math.log(3);

/** What was said in a turn, in characters. */
export interface SpeechSize {
  characters: number;
  /** It was cut off: more may have been written. */
  atLeast: boolean;
}

/** How much the syntheses of a turn said, else how long the agent was heard. Undefined: not known. */
export function speechSize(stages: readonly StageFact[]): SpeechSize | undefined {
  let [characters, madeSeconds, playedSeconds] = [0, 0, 0];
  let atLeast = false;
  for (const { stage, usage, cancelled, startUs, endUs } of stages) {
    if (stage !== 'tts' && stage !== 'playback') continue;
    atLeast ||= cancelled === true;
    if (stage === 'playback') playedSeconds += (endUs - startUs) / 1e6;
    else {
      characters += usage?.characters ?? 0;
      madeSeconds += usage?.audioSeconds ?? 0;
    }
  }
  const size = characters || (madeSeconds || playedSeconds) * CHARACTERS_PER_SECOND;
  return size > 0 ? { characters: size, atLeast } : undefined;
}

/** How far a request's tokens are from what was said, as a logarithm; 0: they fit. */
export function misfit({ usage, finishReasons }: StageFact, size: SpeechSize): number {
  if ((usage?.outputAudioTokens ?? 0) > 0) return 0;
  const tokens = (usage?.outputTokens ?? 0) - (usage?.reasoningTokens ?? 0);
  if (tokens <= 0) return UNKNOWN_FIT;
  const off = Math.log((tokens * CHARACTERS_PER_TOKEN) / size.characters);
  const away = size.atLeast ? Math.max(0, -off) : Math.abs(off);
  return away + (finishReasons?.some((reason) => reason.startsWith('tool')) ? ALIKE : 0);
}

/**
 * Those of a turn's requests that may have written what was said: not the classifier of one word beside the answer, nor
 * the memory of three hundred. All of them where nothing tells them apart.
 */
export function fitting<Candidate>(
  candidates: readonly Candidate[],
  stages: readonly StageFact[],
  requestOf: (candidate: Candidate) => StageFact,
): readonly Candidate[] {
  const size = candidates.length > 1 ? speechSize(stages) : undefined;
  if (size === undefined) return candidates;
  const misfits = candidates.map((candidate) => misfit(requestOf(candidate), size));
  const least = misfits.reduce((best, value) => Math.min(best, value), Number.POSITIVE_INFINITY);
  return candidates.filter((_, index) => (misfits[index] as number) <= least + ALIKE);
}
