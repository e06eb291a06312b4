import { LANGUAGES, UNIQUE, WEIGHTED } from '../generated/languages.ts';

/** How much of a text is of a language: 1 where all of it is that language's most of all. */
export interface LanguageShare {
  readonly lang: string;
  readonly accuracy: number;
}

/** Lengths of the n-grams. */
const LENGTHS = [1, 2, 3, 4, 5] as const;
/** Parts of a text that are looked at, the longest. */
const MOST_PARTS = 7;
/** Languages of a word that count, the likeliest. */
const MOST_OF_WORD = 8;

const FIRST_LETTER = 97;
/** Three characters of WEIGHTED: a language's letter and how much. */
const WEIGHT = 3;

/** What is known of n-grams. Lines are taken apart when one of their prefix is first asked for: few ever are. */
class GramTable {
  readonly #lines: Readonly<Record<string, string>>;
  readonly #known = new Map<string, ReadonlyMap<string, string>>();

  constructor(lines: Readonly<Record<string, string>>) {
    this.#lines = lines;
  }

  get(gram: string): string | undefined {
    const prefix = gram.slice(0, 2);
    let grams = this.#known.get(prefix);
    if (grams === undefined) {
      // A prefix of two characters is no name that objects inherit.
      const lines = this.#lines[prefix];
      if (lines === undefined) return undefined;
      grams = new Map(lines.split('\n').map((line) => line.split('\t') as [string, string]));
      this.#known.set(prefix, grams);
    }
    return grams.get(gram);
  }
}

const unique = new GramTable(UNIQUE);
const weighted = new GramTable(WEIGHTED);

/**
 * The languages of a text, the likeliest first. Gives what tinyld's `detectAll` gives with the same languages, from a
 * tenth of its data: an n-gram that one language alone has decides a part of the text, else the weights of all n-grams of
 * its words do.
 */
export function detectLanguages(text: string): readonly LanguageShare[] {
  const parts = text
    .split(/[,，、。!¿?！？":;()「」{}„“«»”"“<>⋯《》*[\]\\.]+/)
    .map(clean)
    .filter((part) => part !== '')
    .sort((a, b) => b.length - a.length)
    .slice(0, MOST_PARTS);
  const shares = new Map<string, number>();
  let length = 0;
  const add = (lang: string, share: number) => shares.set(lang, (shares.get(lang) ?? 0) + share);
  for (const part of parts) {
    const only = languageOfUnique(part);
    if (only !== undefined) {
      add(only, part.length);
      length += part.length;
      continue;
    }
    for (const word of part.split(/ +/)) {
      for (const { lang, accuracy } of languagesOfWord(word)) add(lang, accuracy);
      length += word.length;
    }
  }
  return [...shares]
    .filter(([, share]) => share > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([lang, share]) => ({ lang, accuracy: share / length }));
}

const clean = (text: string): string =>
  text
    .toLowerCase()
    .replace(/’/g, "'")
    .replace(/[,.。，、#%&/\\+*¡!¿?[\]！？;:…„“«»”"“_–—~]/g, ' ')
    .replace(/[\uFF10-\uFF19]/g, '')
    .replace(/[0-9]/g, '')
    .replace(/\s\s+/g, ' ')
    .trim();

function languageOfUnique(part: string): string | undefined {
  for (const length of LENGTHS) {
    for (const gram of gramsOf(part, length)) {
      const letter = unique.get(gram);
      if (letter !== undefined) return LANGUAGES[letter.charCodeAt(0) - FIRST_LETTER];
    }
  }
  return undefined;
}

function languagesOfWord(word: string): LanguageShare[] {
  const scores = LANGUAGES.map(() => 0);
  for (const length of LENGTHS) {
    for (const gram of gramsOf(word, length)) {
      const plain = gram.normalize('NFD').replace(/[\u0300-\u036f]/g, '');
      const weights = weighted.get(plain) ?? '';
      for (let at = 0; at < weights.length; at += WEIGHT) {
        const index = weights.charCodeAt(at) - FIRST_LETTER;
        const weight = Number.parseInt(weights.slice(at + 1, at + WEIGHT), 36);
        scores[index] = (scores[index] ?? 0) + (weight * plain.length) / 4;
      }
    }
  }
  const most = Math.max(...scores) || 1;
  return scores
    .map((score, index) => ({ lang: LANGUAGES[index] ?? '', score }))
    .sort((a, b) => b.score - a.score)
    .slice(0, MOST_OF_WORD)
    .map(({ lang, score }) => ({ lang, accuracy: 1 - rounded((most - score) / most) }));
}

/** The n-grams of a text that begins and ends with spaces; of several spaces in a row one counts. */
function* gramsOf(text: string, length: number): Generator<string> {
  const spaces = ' '.repeat(length - 1);
  const padded = spaces + text + spaces;
  for (let start = 0; start + length <= padded.length; start += 1) {
    const gram = padded.slice(start, start + length);
    if (!gram.includes('  ') && gram.trim() !== '') yield gram;
  }
}

const rounded = (value: number): number => Math.round(value * 1e4) / 1e4;
