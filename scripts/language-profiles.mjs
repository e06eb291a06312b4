// The n-grams of tinyld for the languages that exporter/quality tells apart, as a module. The package has 64 languages and
// holds the event loop for a tenth of a second while it loads.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const entry = require.resolve('tinyld');

/**
 * Languages that agents are spoken to in and whose words are written like English ones. A rare language among them would
 * take every short text: to the detector "great" alone is Irish. In tinyld's order, which settles ties.
 */
const LANGUAGES = 'id fr en de es pt it nl cs da sv fi no hu ro pl tr'.split(' ');

/** The module's text, without its first line. */
export function languageProfiles() {
  const { supportedLanguages, toISO2 } = require('tinyld');
  const letters = new Map(
    supportedLanguages.flatMap((name, index) => {
      const place = LANGUAGES.indexOf(toISO2(name));
      return place < 0 ? [] : [[index + 1, String.fromCharCode(97 + place)]];
    }),
  );
  const letterOf = (digits) => letters.get(Number.parseInt(digits, 36));
  const { uniques, multiples } = dictionary();
  const unique = Object.entries(uniques).flatMap(([gram, language]) => {
    const letter = letterOf(String(language));
    return letter === undefined ? [] : [`${gram}\t${letter}`];
  });
  const weighted = Object.entries(multiples).flatMap(([gram, packed]) => {
    const weights = packed.match(/.{4}/g).flatMap((four) => {
      const letter = letterOf(four.slice(0, 2));
      return letter === undefined ? [] : [letter + four.slice(2)];
    });
    return weights.length === 0 ? [] : [`${gram}\t${weights.join('')}`];
  });
  return `\
// N-grams of tinyld ${version()}, https://github.com/komodojp/tinyld: MIT License, Copyright (c) 2021 Komodo.

/** ISO 639-1. The first has the letter \`a\`. */
export const LANGUAGES: readonly string[] = ${JSON.stringify(LANGUAGES)};

/** By their first two characters: a line an n-gram that one language alone has, itself and the language's letter. */
export const UNIQUE: Readonly<Record<string, string>> = ${JSON.stringify(byPrefix(unique))};

/** By their first two characters: a line an n-gram, itself and for each language its letter and two digits to base 36. */
export const WEIGHTED: Readonly<Record<string, string>> = ${JSON.stringify(byPrefix(weighted))};
`;
}

/** So that a process takes apart only what its users' words begin with. */
function byPrefix(lines) {
  const found = {};
  for (const line of lines) {
    const prefix = line.split('\t', 1)[0].slice(0, 2);
    found[prefix] = prefix in found ? `${found[prefix]}\n${line}` : line;
  }
  return found;
}

/** The package does not export it. */
function dictionary() {
  const source = readFileSync(entry, 'utf8');
  const start = source.indexOf('{id:"tinyld-dict"');
  const end = source.indexOf('}};', start) + 2;
  return new Function(`return ${source.slice(start, end)}`)();
}

const version = () => JSON.parse(readFileSync(join(dirname(entry), '../package.json'), 'utf8')).version;
