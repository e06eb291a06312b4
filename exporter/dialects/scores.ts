import type { Fact } from '../../model/facts.ts';
import { MAX_SCORES, scoreGiven, scoreOf, type TimedScore } from '../../model/scores.ts';
import { ATTR, EVENT } from '../../model/semconv.ts';
import type { SpanRecord } from '../../model/span-record.ts';
import type { Attributes } from './attributes.ts';

const PREFIX = `${ATTR.score}.`;

/**
 * Adds the scores that a span tells: attributes `voice.score.NAME`, its events `gen_ai.evaluation.result`, and an evaluation
 * that is a span of its own. Evaluators run late: the span may come long after the call.
 */
export function withScores(fact: Fact, span: SpanRecord): Fact {
  const scores = scoresIn(fact, span);
  if (scores.length > 0) fact.scores = scores;
  return fact;
}

/** Facts of what is not one stage's: attributes of others are not searched, which every span of every call would pay for. */
const isOfCall = ({ type }: Fact): boolean => type !== 'stage';

function scoresIn(fact: Fact, { attributes, events, endUs }: SpanRecord): TimedScore[] {
  const scores: TimedScore[] = [];
  const add = (score: TimedScore | undefined) => {
    if (score !== undefined && scores.length < MAX_SCORES) scores.push(score);
  };
  for (const name in isOfCall(fact) ? attributes : {}) {
    if (!name.startsWith(PREFIX)) continue;
    const score = scoreGiven(name.slice(PREFIX.length), attributes[name]);
    add(score && { ...score, atUs: endUs });
  }
  add(evaluationIn(attributes, endUs));
  for (const { name, timeUs, attributes: told = {} } of events)
    if (name === EVENT.evaluationResult) add(evaluationIn(told, Number.isFinite(timeUs) ? timeUs : endUs));
  return scores;
}

/** An evaluation that failed has neither a value nor a label, and is none. Its explanation may quote what was said: it is not read. */
function evaluationIn(from: Attributes, atUs: number): TimedScore | undefined {
  const name = from[ATTR.evaluationName];
  if (typeof name !== 'string') return undefined;
  const score = scoreOf(nameOf(name), from[ATTR.evaluationScore], from[ATTR.evaluationLabel]);
  return score && { ...score, atUs };
}

/** Names of evaluators have spaces in them, names of scores none. */
const nameOf = (name: string): string => name.trim().replace(/\s+/g, '_');
