import type { CallFilter } from '../exporter/store/index.ts';
import { UsageError } from './command.ts';
import { CHOICE_OPTIONS, readFilter } from './filter-options.ts';

/** How a selection is written, for the help of commands. */
export const SELECTION_HELP = `\
  NAME=VALUE           NAME is an option of those below without its dashes, or version: version=1.5.0, model=gpt-4.1-mini,
                       agent=front-desk, campaign=spring-recall, tag=plan=gold, since=2026-11-01. "…" around a VALUE with spaces
  last TIME            calls of the time up to now: last 7d
  FROM..UNTIL          calls that started between: 2026-11-01..2026-11-08, 14d..7d, 7d..`;

type Given = Readonly<Record<string, unknown>>;

const NAMES = Object.keys(CHOICE_OPTIONS);
/** Shorter names of options. */
const ALIASES: Readonly<Record<string, string>> = { version: 'service-version' };

/** Whether a text is meant as a selection, and not as the name of a file. */
export const isSelection = (text: string): boolean => /=|\.\.|^last\s/.test(text.trim());

/** A selection such as `version=1.5.0, last 7d`, as options of a command have it. */
export function readSelection(option: string, text: string): Record<string, string | string[]> {
  const found: Record<string, string | string[]> = {};
  const terms = termsOf(text);
  for (let at = 0; at < terms.length; at += 1) {
    const term = terms[at] ?? '';
    const [name, from] = [term.indexOf('='), term.indexOf('..')];
    if (term === 'last' && terms[at + 1] !== undefined) {
      at += 1;
      found.since = terms[at] ?? '';
    } else if (name > 0) {
      const given = term.slice(0, name);
      set(found, option, ALIASES[given] ?? given, term.slice(name + 1));
    } else if (from >= 0 && term !== '..') {
      if (from > 0) found.since = term.slice(0, from);
      if (from + 2 < term.length) found.until = term.slice(from + 2);
    } else throw wrong(option, term);
  }
  if (terms.length === 0) throw wrong(option, text);
  return found;
}

/** What is between spaces and commas; what is in quotes is one. */
const termsOf = (text: string): string[] =>
  text
    .split('"')
    .map((part, index) => (index % 2 === 0 ? part.replaceAll(/[\s,]/g, '\n') : part))
    .join('')
    .split('\n')
    .filter((term) => term !== '');

/** What of both there is: of the options of a command, those that the selection does not name itself. */
export function filterOfSelection(option: string, text: string, options: Given, utc = false): CallFilter {
  const own = readSelection(option, text);
  const { since: _, until: __, ...timeless } = options;
  const isTimed = own.since !== undefined || own.until !== undefined;
  return readFilter({ ...(isTimed ? timeless : options), ...own }, utc);
}

function set(found: Record<string, string | string[]>, option: string, name: string, value: string): void {
  if (!NAMES.includes(name) || value === '') throw wrong(option, `${name}=${value}`);
  if (name === 'since' || name === 'until') found[name] = value;
  else found[name] = [...(found[name] ?? []), value];
}

const wrong = (option: string, saw: string): UsageError =>
  new UsageError(
    `${option}: saw ${saw}, expected NAME=VALUE, last TIME or FROM..UNTIL, with NAME one of ${[...Object.keys(ALIASES), ...NAMES].join(', ')}.`,
  );
