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
const TERM = /[\s,]*(?:([\w-]+)=("[^"]*"|[^\s,"]+)|last\s+([^\s,]+)|([^\s,.=]*)\.\.([^\s,.=]*))(?=[\s,]|$)/y;

/** Whether a text is meant as a selection, and not as the name of a file. */
export const isSelection = (text: string): boolean => /=|\.\.|^last\s/.test(text.trim());

/** A selection such as `version=1.5.0, last 7d`, as options of a command have it. */
export function readSelection(option: string, text: string): Record<string, string | string[]> {
  const found: Record<string, string | string[]> = {};
  const given = text.trim();
  TERM.lastIndex = 0;
  while (TERM.lastIndex < given.length) {
    const at = TERM.lastIndex;
    const match = TERM.exec(given);
    if (match === null) throw wrong(option, given.slice(at).trim());
    const [, name, value = '', last, from, until] = match;
    if (last !== undefined) found.since = last;
    else if (name === undefined) {
      if (from) found.since = from;
      if (until) found.until = until;
    } else set(found, option, ALIASES[name] ?? name, value.replaceAll('"', ''));
  }
  if (Object.keys(found).length === 0) throw wrong(option, text);
  return found;
}

/** What of both there is: of the options of a command, those that the selection does not name itself. */
export function filterOfSelection(option: string, text: string, options: Given, utc = false): CallFilter {
  const own = readSelection(option, text);
  const { since: _, until: __, ...timeless } = options;
  const isTimed = own.since !== undefined || own.until !== undefined;
  return readFilter({ ...(isTimed ? timeless : options), ...own }, utc);
}

function set(found: Record<string, string | string[]>, option: string, name: string, value: string): void {
  if (!NAMES.includes(name)) throw wrong(option, `${name}=${value}`);
  if (name === 'since' || name === 'until') found[name] = value;
  else found[name] = [...(found[name] ?? []), value];
}

const wrong = (option: string, saw: string): UsageError =>
  new UsageError(
    `${option}: saw ${saw}, expected NAME=VALUE, last TIME or FROM..UNTIL, with NAME one of ${[...Object.keys(ALIASES), ...NAMES].join(', ')}.`,
  );
