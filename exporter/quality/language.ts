import { detectLanguages } from './language-detector.ts';

/** Characters that show a text's language: the rest of a long one is not looked at. */
const ENOUGH = 1_000;
/** How much more another language has to show than English, of a text too short to be sure of. */
const CLEARLY = 3;

/**
 * The language of a text as an ISO 639-1 code, as far as the text shows it; undefined where it does not, as one common
 * word may not.
 *
 * "die war" is `de`; "that is great" is `en`; "super" is undefined.
 */
export function languageOf(text: string): string | undefined {
  const found = detectLanguages(text.slice(0, ENOUGH));
  const [first] = found;
  if (first === undefined || first.lang === 'en') return first?.lang;
  const english = found.find(({ lang }) => lang === 'en')?.accuracy ?? 0;
  return first.accuracy > CLEARLY * english ? first.lang : undefined;
}

/** Whether a tag that a speech recogniser gives (`en`, `en-US`, `de-DE`, `multi`) is English; undefined where it names no language. */
export function isEnglish(tag: string | undefined): boolean | undefined {
  const code = tag?.trim().toLowerCase().split(/[-_]/, 1)[0];
  if (code === undefined || !/^[a-z]{2,3}$|^english$/.test(code) || code === 'und') return undefined;
  return code === 'en' || code === 'eng' || code === 'english';
}

/** The language of one speaker, text by text: a text that does not show its own is in the one before. */
export class SpokenLanguage {
  #last: string | undefined;

  of(text: string): string | undefined {
    const own = languageOf(text);
    this.#last = own ?? this.#last;
    return this.#last;
  }
}
