import { rowJson } from '../../model/row-json.ts';
import { withSafeTexts } from '../../model/safe-text.ts';

/** Characters of an answer: some ten thousand tokens of a model's context. */
const MOST_CHARACTERS = 40_000;
/** Characters of one text in it. */
const MOST_TEXT = 2_000;

/**
 * An answer as JSON on one line: money as text, instants in ISO 8601, what is not known left out, and nothing in it that a
 * terminal obeys. One that is too long has fewer entries in its `list`, and `left_out` says how many are missing.
 */
export function answerText(answer: object, list?: string, most = MOST_CHARACTERS): string {
  const safe = shortened(known(withSafeTexts(rowJson(answer)))) as Record<string, unknown>;
  const whole = JSON.stringify(safe);
  const items = list === undefined ? undefined : safe[list];
  if (whole.length <= most || !Array.isArray(items)) return whole.length <= most ? whole : TOO_LONG;
  // As many as fit.
  let room = most - JSON.stringify({ ...safe, [list as string]: [], left_out: items.length }).length;
  let fitting = 0;
  for (const item of items) {
    room -= JSON.stringify(item).length + 1;
    if (room < 0) break;
    fitting += 1;
  }
  return JSON.stringify({
    ...safe,
    [list as string]: items.slice(0, fitting),
    left_out: items.length - fitting,
  });
}

const TOO_LONG = JSON.stringify({ error: 'The answer is too long: ask for less.' });

/** Without what is null: unknown is absent. */
function known(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(known);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) => (item === null ? [] : [[name, known(item)]])),
  );
}

function shortened(value: unknown): unknown {
  if (typeof value === 'string') return value.length > MOST_TEXT ? `${value.slice(0, MOST_TEXT)}…` : value;
  if (Array.isArray(value)) return value.map(shortened);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shortened(item)]));
}
