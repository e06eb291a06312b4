import type { StageFact } from '../../model/facts.ts';
import type { StageKind } from '../../model/vocabulary.ts';
import { QualityMetricsCollector } from '../quality/collector.ts';
import type { GroupedTurn, Words } from './grouped.ts';

/** What one turn keeps of each speaker's words. Characters. */
const MAX_WORDS = 8_192;

/** The words of spans in the order given, as many whole ones as a turn keeps; undefined where none has any. */
export function joinedWords(spans: readonly { words?: string }[]): string | undefined {
  let all: string | undefined;
  for (const { words } of spans) {
    if (words === undefined) continue;
    const joined = all === undefined ? words : `${all} ${words}`;
    if (joined.length > MAX_WORDS) break;
    all = joined;
  }
  return all;
}

/**
 * The turns with what was said in them: the words of the turn's span, else those of its stages. What was sent to synthesis
 * comes before what a model answered: of several requests only it shows which was spoken.
 *
 * earshot's own turns were scored where they were spoken. Those of frameworks are scored here, and only where their words
 * were recorded.
 *
 * @param turns - in order of speaking: a text too short to show its language has that of the one before
 */
export function withWords(turns: readonly GroupedTurn[]): GroupedTurn[] {
  const scores = new QualityMetricsCollector();
  return turns.map((turn) => {
    const { fact, stages } = turn;
    const userText = fact?.userText ?? joinedWords(ofKind(stages, 'stt'));
    const agentText =
      fact?.agentText ??
      joinedWords(ofKind(stages, 'tts')) ??
      joinedWords(ofKind(stages, 'llm')) ??
      joinedWords(ofKind(stages, 'playback'));
    const isForeign = turn.joined === true || fact?.userText === undefined;
    const sentimentScore =
      fact?.sentimentScore ?? (isForeign && userText !== undefined ? scores.turn({ userText }) : undefined);
    if ((userText ?? agentText ?? sentimentScore) === undefined) return turn;
    const words: Words = {};
    if (userText !== undefined) words.userText = userText;
    if (agentText !== undefined) words.agentText = agentText;
    if (sentimentScore !== undefined) words.sentimentScore = sentimentScore;
    return { ...turn, words };
  });
}

const ofKind = (stages: readonly StageFact[], kind: StageKind): StageFact[] =>
  stages.filter(({ stage }) => stage === kind);
