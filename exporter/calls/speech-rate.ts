import type { Micros } from '../../model/facts.ts';
import type { GroupedTurn } from './grouped.ts';
import type { Speech } from './speech.ts';

/** Words of a language that puts no spaces between them are told apart as well. */
let segmenter: Intl.Segmenter | undefined;

/** How many words a text has. */
export function wordCount(text: string): number {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'word' });
  let words = 0;
  for (const { isWordLike } of segmenter.segment(text)) if (isWordLike === true) words += 1;
  return words;
}

/**
 * Words a minute of speech, over the turns whose words and speech are known. Null without any. An answer that was cut
 * off is left out: not all of its words were heard.
 */
export function wordsPerMinute(
  side: 'user' | 'agent',
  turns: readonly GroupedTurn[],
  speech: readonly Speech[],
): number | null {
  let [words, spokenUs]: [number, Micros] = [0, 0];
  turns.forEach((turn, index) => {
    const text = side === 'user' ? turn.words?.userText : turn.words?.agentText;
    const us = speech[index]?.[`${side}Us`] ?? 0;
    if (text === undefined || us === 0 || (side === 'agent' && turn.cutOffBy !== undefined)) return;
    words += wordCount(text);
    spokenUs += us;
  });
  return spokenUs === 0 ? null : (words * 60e6) / spokenUs;
}
