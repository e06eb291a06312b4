import type { Micros } from '../../model/facts.ts';
import type { MarkedTurn } from '../calls/marks.ts';
import { eouLatencyUs } from '../calls/segments.ts';

/** The marks of a turn in microseconds after the end of its utterance, none after the playback. */
export interface Schedule {
  /** The silence. */
  readonly playback: Micros;
  readonly committed?: Micros;
  readonly llmStarted?: Micros;
  readonly llmFirstByte?: Micros;
  readonly ttsStarted?: Micros;
  readonly ttsFirstByte?: Micros;
}

/** What is different in a turn. What is absent stays as it was. */
export interface Change {
  /** When the turn is committed, after the end of utterance. */
  readonly committed?: Micros | undefined;
  /** So much later the spoken request starts, for what is before it. */
  readonly preparation?: Micros | undefined;
  /** From the request to its first byte. */
  readonly llm?: Micros | undefined;
  /** From there until there is text to speak. */
  readonly aggregation?: Micros | undefined;
  /** From the text to the first audio. */
  readonly tts?: Micros | undefined;
}

/** When what happened in a turn that someone waited in; undefined where the silence is not known. */
export function scheduleOf(marked: MarkedTurn): Schedule | undefined {
  const playback = eouLatencyUs(marked);
  const { eouUs, marks } = marked;
  if (playback === null || eouUs === undefined) return undefined;
  const after = (name: 'committed' | 'llmStarted' | 'llmFirstByte' | 'ttsStarted' | 'ttsFirstByte') => {
    const us = marks[`${name}Us`];
    return us === undefined ? {} : { [name]: Math.min(us - eouUs, playback) };
  };
  return {
    playback,
    ...after('committed'),
    ...after('llmStarted'),
    ...after('llmFirstByte'),
    ...after('ttsStarted'),
    ...after('ttsFirstByte'),
  };
}

/**
 * The silence of a turn with a change in it. Everything else takes as long as it did, and begins when what it waited for is
 * there:
 *
 * - A request that was sent after the commit waits for it. One that was sent ahead stays where it was, unless the commit
 *   comes before it.
 * - Synthesis waits for the text of the answer; where it began after the commit and the answer was there before, for both.
 * - Nothing is heard before the commit.
 *
 * Without a change it is the silence that was.
 *
 * @param held - of the schedule, where it is known already
 */
export const silenceAfter = (schedule: Schedule, change: Change, held = heldBack(schedule)): Micros =>
  Math.max(0, lastStep(schedule, change) + held);

/** So much later than it was there the first audio was heard. */
export const heldBack = (schedule: Schedule): Micros => schedule.playback - lastStep(schedule, {});

/** When the first audio is there and may be played. */
function lastStep(schedule: Schedule, change: Change): Micros {
  const { committed = 0, llmStarted, llmFirstByte, ttsStarted, ttsFirstByte } = schedule;
  const gate = Math.max(0, committed);
  const newGate = schedule.committed === undefined ? gate : Math.max(0, change.committed ?? committed);

  let [answer, newAnswer] = [gate, newGate];
  if (llmStarted !== undefined && llmFirstByte !== undefined) {
    const wait = Math.max(0, llmFirstByte - llmStarted);
    const started =
      llmStarted < gate
        ? Math.min(llmStarted, newGate)
        : newGate + llmStarted - gate + (change.preparation ?? 0);
    answer = llmStarted + wait;
    newAnswer = started + (change.llm ?? wait);
  } else if (ttsStarted !== undefined && ttsStarted < gate) {
    // Words of the application's own, said ahead.
    [answer, newAnswer] = [ttsStarted, Math.min(ttsStarted, newGate)];
  }
  if (ttsStarted === undefined || ttsFirstByte === undefined) return Math.max(newGate, newAnswer);

  const text = newAnswer + (ttsStarted < answer ? 0 : (change.aggregation ?? ttsStarted - answer));
  const isGated = answer < gate && ttsStarted >= gate;
  // How long the text itself took is not seen where it was there before the commit.
  const ready = isGated ? Math.max(newGate + ttsStarted - gate, newAnswer + (change.aggregation ?? 0)) : text;
  const synthesis = change.tts ?? Math.max(0, ttsFirstByte - Math.max(ttsStarted, answer));
  return Math.max(newGate, ready + synthesis);
}
