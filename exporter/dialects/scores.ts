import type { Fact } from '../../model/facts.ts';
import { MAX_SCORES, type Score, scoreGiven, scoreOf, type TimedScore } from '../../model/scores.ts';
import { ATTR, EVENT } from '../../model/semconv.ts';
import type { SpanRecord } from '../../model/span-record.ts';
import type { Attributes } from './attributes.ts';
import type { ReadOptions } from './dialect.ts';

const PREFIX = `${ATTR.score}.`;

/**
 * Adds the scores that a span tells: attributes `voice.score.NAME`, its events `gen_ai.evaluation.result`, and an evaluation
 * that is a span of its own. Evaluators run late: the span may come long after the call. What cannot be kept is counted.
 */
export function withScores(fact: Fact, span: SpanRecord, { limited }: ReadOptions): Fact {
  const { scores, dropped } = scoresIn(fact, span);
  if (scores.length > 0) fact.scores = scores;
  if (dropped > 0) limited?.(dropped);
  return fact;
}

/** Facts of what is not one stage's: attributes of others are not searched, which every span of every call would pay for. */
const isOfCall = ({ type }: Fact): boolean => type !== 'stage';

function scoresIn(
  fact: Fact,
  { attributes, events, endUs }: SpanRecord,
): { scores: TimedScore[]; dropped: number } {
  const scores: TimedScore[] = [];
  let dropped = 0;
  const add = ({ score, whole }: Told, atUs: number) => {
    const isKept = score !== undefined && scores.length < MAX_SCORES;
    if (isKept) scores.push({ ...score, atUs });
    if (!isKept || !whole) dropped += 1;
  };
  for (const name in isOfCall(fact) ? attributes : {}) {
    if (!name.startsWith(PREFIX)) continue;
    add({ score: scoreGiven(name.slice(PREFIX.length), attributes[name]), whole: true }, endUs);
  }
  const own = evaluationIn(attributes);
  if (own !== undefined) add(own, endUs);
  for (const { name, timeUs, attributes: told = {} } of events) {
    const evaluation = name === EVENT.evaluationResult ? evaluationIn(told) : undefined;
    if (evaluation !== undefined) add(evaluation, Number.isFinite(timeUs) ? timeUs : endUs);
  }
  return { scores, dropped };
}

/** A score that a span tells. */
interface Told {
  /** What of it can be kept, if anything. */
  readonly score: Score | undefined;
  /** All of it can. */
  readonly whole: boolean;
}

/** An evaluation that failed has neither a value nor a label, and is none. Its explanation may quote what was said: it is not read. */
function evaluationIn(from: Attributes): Told | undefined {
  const name = from[ATTR.evaluationName];
  const [value, label] = [from[ATTR.evaluationScore], from[ATTR.evaluationLabel]];
  if (typeof name !== 'string' || (value === undefined && label === undefined)) return undefined;
  const score = scoreOf(nameOf(name), value, label);
  const isKept = (told: unknown, kept: unknown) => told === undefined || kept !== undefined;
  return { score, whole: isKept(value, score?.value) && isKept(label, score?.label) };
}

/** Names of evaluators have spaces in them, names of scores none. */
const nameOf = (name: string): string => name.trim().replace(/\s+/g, '_');
