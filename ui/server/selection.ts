import { HttpError } from '../../exporter/receiver/door/answer.ts';
import {
  CALL_SORTS,
  type CallPosition,
  type CallSelection,
  type CallSort,
} from '../../exporter/store/views/index.ts';
import { beginsWithDay } from '../../model/calendar.ts';
import { parseDuration } from '../../model/settings.ts';
import { OUTCOMES, type Outcome } from '../../model/vocabulary.ts';
import { withoutAbsent } from '../../model/without-absent.ts';
import { DEFAULT_SINCE, FILTERS } from '../shared/query.ts';
import { onlyKnown } from './parameters.ts';

/** Values longer than any name are none, and a list has no more. */
const MOST_CHARACTERS = 300;
const MOST_VALUES = 50;

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Of what is older there are no rollups of five minutes. */
const LONG_MS = 48 * HOUR_MS;

/** Parameters that may stand several times, and the lists of the filter that they are. */
const LISTS = {
  tenant: 'tenant',
  agent: 'agent',
  campaign: 'campaign',
  customer: 'customer',
  service: 'service',
  version: 'serviceVersion',
  environment: 'environment',
  provider: 'provider',
  model: 'model',
} as const;

/**
 * The calls that a query string chooses. `since` and `until` are instants (ISO 8601), or durations back from now (`7d`),
 * counted from the full minute, so that the pages of a list agree; of more than two days from the full hour, where rollups begin,
 * too. What is empty does not choose.
 * @throws HttpError 400 that names the parameter
 */
export function selectionOf(query: URLSearchParams, nowMs: number = Date.now()): CallSelection {
  const { text, list, flag, instant, seconds } = reader(query, nowMs);
  const outcome = list('outcome');
  const known = outcome.filter((word): word is Outcome | 'unknown' => OUTCOME_WORDS.has(word));
  if (known.length < outcome.length)
    throw new HttpError(400, `outcome: expected ${[...OUTCOME_WORDS].join(', ')}`);
  const tags = tagsOf(list('tag'));
  return withoutAbsent({
    since: instant('since'),
    until: instant('until'),
    ...filled({
      ...Object.fromEntries(Object.entries(LISTS).map(([name, field]) => [field, list(name)])),
      outcome: known,
    }),
    tags,
    direction: text('direction'),
    channel: text('channel'),
    idPart: text('id'),
    silenceFrom: seconds('silence_from'),
    silenceTo: seconds('silence_to'),
    interrupted: flag('interrupted'),
    unpriced: flag('unpriced'),
    unanswered: flag('unanswered'),
    failed: flag('failed'),
  });
}

/** The calls that a parameter chooses whose value is a query string of its own. @throws HttpError 400 */
export function nestedSelectionOf(text: string | null, name: string): CallSelection {
  const query = new URLSearchParams(text ?? '');
  onlyKnown(query, FILTERS, name);
  return selectionOf(query);
}

/** As `selectionOf`; of the last days where nothing says when the calls were. @throws HttpError 400 */
export function recentSelectionOf(query: URLSearchParams, nowMs?: number): CallSelection {
  if (query.get('since') || query.get('until')) return selectionOf(query, nowMs);
  const recent = new URLSearchParams(query);
  recent.set('since', DEFAULT_SINCE);
  return selectionOf(recent, nowMs);
}

const OUTCOME_WORDS: ReadonlySet<string> = new Set([...OUTCOMES, 'unknown']);

/** Lists without those that are empty, which do not choose. */
const filled = <Lists extends Readonly<Record<string, readonly unknown[]>>>(lists: Lists): Partial<Lists> =>
  Object.fromEntries(Object.entries(lists).filter(([, values]) => values.length > 0)) as Partial<Lists>;

/** Each `key:value`. */
function tagsOf(words: readonly string[]): Record<string, string> | undefined {
  if (words.length === 0) return undefined;
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf(':');
      if (at < 1) throw new HttpError(400, 'tag: expected KEY:VALUE');
      return [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}

/** Reads parameters of one type each. */
function reader(query: URLSearchParams, nowMs: number) {
  const list = (name: string) => {
    const values = query.getAll(name).filter((value) => value !== '');
    if (values.length > MOST_VALUES || values.some((value) => value.length > MOST_CHARACTERS))
      throw new HttpError(
        400,
        `${name}: expected no more than ${MOST_VALUES} values of ${MOST_CHARACTERS} characters`,
      );
    if (values.some((value) => value.includes('\0')))
      throw new HttpError(400, `${name}: expected text without U+0000`);
    return values;
  };
  const text = (name: string) => list(name)[0];
  const flag = (name: string) => (text(name) === undefined ? undefined : true);
  const instant = (name: string) => {
    const value = text(name);
    if (value === undefined || value === 'all') return undefined;
    const ms = parseDuration(value);
    // No call was before 1970, and no database knows what was before the year -4713.
    if (ms !== undefined && /[a-z]$/.test(value)) {
      const stepMs = ms > LONG_MS ? HOUR_MS : MINUTE_MS;
      return Math.max(0, Math.floor((nowMs - ms) / stepMs) * stepMs * 1_000);
    }
    const at = Date.parse(value);
    if (Number.isNaN(at) || (/^\d{4}-\d\d-\d\d/.test(value) && !beginsWithDay(value)))
      throw new HttpError(400, `${name}: expected an instant, or a duration such as 7d`);
    return Math.max(0, at * 1_000);
  };
  const seconds = (name: string) => {
    const value = text(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (Number.isFinite(number) && number >= 0) return number;
    throw new HttpError(400, `${name}: expected seconds`);
  };
  return { text, list, flag, instant, seconds };
}

/** @throws HttpError 400 */
export function orderOf(query: URLSearchParams): CallSort {
  const order = query.get('order') ?? 'started';
  if (Object.hasOwn(CALL_SORTS, order)) return order as CallSort;
  throw new HttpError(400, `order: expected one of ${Object.keys(CALL_SORTS).join(', ')}`);
}

/** @throws HttpError 400 */
export function limitOf(query: URLSearchParams, most: number): number {
  const text = query.get('limit');
  if (text === null) return Math.min(100, most);
  const limit = Number(text);
  if (Number.isInteger(limit) && limit > 0 && limit <= most) return limit;
  throw new HttpError(400, `limit: expected 1 to ${most}`);
}

/** Where a page ends, as text that means nothing to who sends it back. */
export const positionText = (position: CallPosition): string =>
  Buffer.from(JSON.stringify([position.value, position.tenant, position.callId])).toString('base64url');

/** @throws HttpError 400 */
export function positionOf(text: string | null): CallPosition | undefined {
  if (text === null || text === '') return undefined;
  try {
    const [value, tenant, callId] = JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown[];
    const isValue = value === null || typeof value === 'string';
    const isText = ![value, tenant, callId].some((part) => String(part).includes('\0'));
    if (isValue && isText && typeof tenant === 'string' && typeof callId === 'string')
      return { value, tenant, callId };
  } catch {}
  throw wrongPosition();
}

/** Also of a value that is none of its order, which the database alone can tell. */
export const wrongPosition = (): HttpError =>
  new HttpError(400, 'after: expected what `next` of the page before says');
