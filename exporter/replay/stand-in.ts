import type { Exchange, Request } from './script.ts';

/** Words that say nothing: what was said is not in the file. */
const WORDS = [
  'so',
  'it',
  'was',
  'said',
  'in',
  'the',
  'call',
  'that',
  'was',
  'saved',
  'here',
  'once',
  'more',
];
/** Characters of a token, as most languages have them. */
const TOKEN_CHARACTERS = 4;
const USUAL_CHARACTERS = 60;

/**
 * A sentence of so many characters, with no end of a sentence before its own, so that what splits answers into sentences splits
 * it where the answer of the call was split. `key` makes it another one.
 */
export function standInSentence(characters: number, key: number): string {
  const length = Math.max(2, Math.round(characters));
  let text = '';
  for (let at = key; text.length < length; at += 1)
    text += `${text === '' ? '' : ' '}${WORDS[at % WORDS.length]}`;
  text = text.slice(0, length - 1).trimEnd();
  return `${text.charAt(0).toUpperCase()}${text.slice(1).padEnd(length - 2, 'e')}.`;
}

/** Words for as long as someone speaks: two and a half a second. */
export function standInWords(ms: number, key: number): string {
  const count = Math.max(1, Math.round((ms / 1_000) * 2.5));
  return Array.from({ length: count }, (_, index) => WORDS[(key + index) % WORDS.length]).join(' ');
}

/** What the agent's model answers in an exchange: as it was, or sentences as long as those that were. */
export function answerOf({ answer, syntheses, cutOff, requests }: Exchange, key: number): string {
  const lengths = syntheses.map(({ characters }) => characters ?? USUAL_CHARACTERS);
  const spoken = answer ?? lengths.map((length, index) => standInSentence(length, key + index)).join(' ');
  // Of an answer that was cut off, the rest was written and never spoken.
  const written = longestOf(requests) * TOKEN_CHARACTERS;
  const rest = cutOff ? Math.max(3 * USUAL_CHARACTERS, written - spoken.length) : 0;
  const more = Array.from({ length: Math.ceil(rest / USUAL_CHARACTERS) }, (_, index) =>
    standInSentence(USUAL_CHARACTERS, key + lengths.length + index),
  );
  return [...(spoken === '' ? [] : [spoken]), ...more].join(' ') || standInSentence(USUAL_CHARACTERS, key);
}

const longestOf = (requests: readonly Request[]): number =>
  Math.max(0, ...requests.map(({ tool, usage }) => (tool === undefined ? (usage?.outputTokens ?? 0) : 0)));
