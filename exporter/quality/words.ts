/** Words spoken without a break between them. */
export interface Clause {
  /** Lower case; typographic apostrophes made plain. */
  words: string[];
  /** It ends in a question mark. */
  question: boolean;
}

const PIECE = /[\p{L}\p{M}\p{N}]+(?:['-][\p{L}\p{M}\p{N}]+)*|[.,;:!?…\n—]/gu;

/**
 * Splits text into clauses at punctuation and before "but": as far as a negation or a phrase can reach.
 *
 * "Not now, thanks. Is it open?" has the clauses `not now`, `thanks` and `is it open` (a question).
 */
export function clauses(text: string): Clause[] {
  const found: Clause[] = [];
  let words: string[] = [];
  const close = (question: boolean) => {
    if (words.length > 0) found.push({ words, question });
    words = [];
  };
  for (const [piece] of text.normalize('NFC').toLowerCase().replaceAll('’', "'").matchAll(PIECE)) {
    if (/^[\p{L}\p{M}\p{N}]/u.test(piece)) {
      if (piece === 'but') close(false);
      words.push(piece);
    } else close(piece === '?');
  }
  close(false);
  return found;
}

/** Where `phrase` begins in `words`, from `from` on; -1: nowhere. */
export function indexOfPhrase(words: readonly string[], phrase: readonly string[], from = 0): number {
  for (let start = from; start + phrase.length <= words.length; start += 1)
    if (phrase.every((word, offset) => words[start + offset] === word)) return start;
  return -1;
}

const NEGATIONS = new Set(
  'not no never none nothing nobody neither nor without cannot cant dont doesnt didnt isnt wasnt arent wont wouldnt couldnt shouldnt hasnt havent hadnt unable hardly barely'.split(
    ' ',
  ),
);

/** "not", "never", "unable", and every word in "n't". */
export const isNegation = (word: string): boolean => NEGATIONS.has(word) || word.endsWith("n't");
