import type { Stage } from './stage.ts';

/** What was said in a stage. Compared here, in memory, and never recorded. */
export type SaidIn = (stage: Stage) => string | undefined;

/** Words beyond these say nothing more about whose they are. */
const MAX_WORDS = 48;
/** Shares of the words heard first that an answer holds: what speech is made from is often written out otherwise. */
const SPOKEN = 0.5;
const STRANGE = 0.25;

/**
 * The request whose answer the caller heard first, by what was said: a classifier or a memory may be asked in the same
 * moment. `none`: the words are the application's own. Undefined: what was said does not tell.
 */
export function spokenRequest(stages: readonly Stage[], saidIn: SaidIn): Stage | 'none' | undefined {
  const [first] = given(stages, 'tts').sort((a, b) => a.firstByteUs - b.firstByteUs);
  const heard = first && wordsOf(saidIn(first)).slice(0, MAX_WORDS);
  const requests = given(stages, 'llm');
  if (!heard?.length || requests.length === 0) return undefined;
  const shares = requests.map((request) => shareOf(heard, saidIn(request)));
  const best = Math.max(...shares.map((share) => share ?? 0));
  // Of a single request that was spoken the times tell as much.
  if (best >= SPOKEN) return requests.length === 1 ? undefined : requests[shares.lastIndexOf(best)];
  return best <= STRANGE && !shares.includes(undefined) ? 'none' : undefined;
}

const given = (stages: readonly Stage[], kind: Stage['kind']): (Stage & { firstByteUs: number })[] =>
  stages.filter(
    (stage): stage is Stage & { firstByteUs: number } =>
      stage.kind === kind && stage.firstByteUs !== undefined,
  );

const wordsOf = (text: string | undefined): string[] => text?.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/** How much of what was heard an answer holds, 0 to 1; undefined when the answer is not known. */
function shareOf(heard: readonly string[], answer: string | undefined): number | undefined {
  const said = wordsOf(answer);
  if (said.length === 0) return undefined;
  // Not every script has spaces between its words.
  if (said.join('').includes(heard.join(''))) return 1;
  const words = new Set(said);
  return heard.filter((word) => words.has(word)).length / heard.length;
}
