import type { ServerResponse } from 'node:http';
import { baselineCalls } from '../../exporter/checks/baseline-calls.ts';
import { checking, NEEDS } from '../../exporter/checks/check.ts';
import { FIGURE_NAMES } from '../../exporter/checks/figures.ts';
import { judgeScores, type Limits, type ScoreLimit } from '../../exporter/checks/judge.ts';
import { LimitError, limitOf, scoreLimitOf, TOLERANCE, toleranceOf } from '../../exporter/checks/limits.ts';
import { HttpError } from '../../exporter/receiver/door/answer.ts';
import { callTotals, type Database, scoreMeans } from '../../exporter/store/index.ts';
import { type CallSelection, getCallSamples } from '../../exporter/store/views/index.ts';
import type { CheckAnswer } from '../shared/api.ts';
import { limitParameter } from '../shared/check.ts';
import { inPieces, pauses } from './in-pieces.ts';
import { nestedSelectionOf, selectionOf } from './selection.ts';
import { seedOf } from './wish.ts';

const MOST_CHARACTERS = 60;
/** A name of a score, and a limit. */
const MOST_OF_SCORE = 200;
const MOST_SCORES = 20;
/** What it takes beside filters. */
export const CHECK_PARAMETERS = [
  ...FIGURE_NAMES.map(limitParameter),
  'baseline',
  'tolerance',
  'score',
  'seed',
];

/** Calls held against limits and against other calls, as `earshot check` does. @throws HttpError 400 */
export async function checkAnswer(
  db: Database,
  query: URLSearchParams,
  response: ServerResponse,
): Promise<CheckAnswer> {
  const limits = asked(() => limitsOf(query));
  const scoreLimits = asked(() => scoreLimitsOf(query));
  const selection = selectionOf(query);
  const than = asked(() => baselineOf(query, selection));
  if (Object.keys(limits).length === 0 && scoreLimits.length === 0 && than === undefined)
    throw new HttpError(
      400,
      `saw no limit, expected one of ${FIGURE_NAMES.map(limitParameter).join(', ')}, score, or baseline`,
    );
  const seed = seedOf(query);
  const totals = await callTotals(db, selection);
  const baseline = than && { tolerance: than.tolerance, totals: await callTotals(db, than.calls) };
  const { samples, every } = await getCallSamples(db, selection);
  const work = checking({ totals, samples, limits, baseline }, seed);
  const names = scoreLimits.map(({ name }) => name);
  const scores = names.length > 0 ? await scoreMeans(db, selection, names) : new Map();
  const checked = await inPieces(
    work,
    pauses(() => !response.destroyed),
  );
  return {
    ...checked,
    verdicts: [...checked.verdicts, ...judgeScores(scoreLimits, scores, NEEDS)],
    calls: totals.calls,
    notes: every > 1 ? [`Intervals are of one call in ${every.toLocaleString('en-US')}.`] : [],
  };
}

/** @throws LimitError for one that is none */
const limitsOf = (query: URLSearchParams): Limits =>
  Object.fromEntries(
    FIGURE_NAMES.flatMap((name) => {
      const parameter = limitParameter(name);
      const text = query.get(parameter)?.trim();
      return text ? [[name, limitOf(name, text.slice(0, MOST_CHARACTERS), parameter)]] : [];
    }),
  );

/** @throws LimitError for one that is none, HttpError 400 for too many */
function scoreLimitsOf(query: URLSearchParams): ScoreLimit[] {
  const given = query.getAll('score').filter((text) => text !== '');
  if (given.length > MOST_SCORES) throw new HttpError(400, `score: expected no more than ${MOST_SCORES}`);
  return given.map((text) => scoreLimitOf(text.slice(0, MOST_OF_SCORE), 'score'));
}

/** `baseline` is a query string of its own. @throws LimitError */
function baselineOf(query: URLSearchParams, judged: CallSelection) {
  const given = query.get('baseline');
  if (!given) return undefined;
  const own = nestedSelectionOf(given, 'baseline');
  return {
    tolerance: toleranceOf(query.get('tolerance') || TOLERANCE, 'tolerance'),
    calls: baselineCalls(judged, own, {
      ...{ where: 'baseline', since: 'since' },
      given: given.slice(0, MOST_CHARACTERS),
    }),
  };
}

/** @throws HttpError 400 for what is no limit */
function asked<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof LimitError ? new HttpError(400, error.message.replace(/\.$/, '')) : error;
  }
}
