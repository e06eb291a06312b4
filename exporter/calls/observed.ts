import type { Fact, Micros, StageFact, TurnFact, TurnPartFact } from '../../model/facts.ts';
import { keyOf } from './span-tree.ts';

/** Figures of one framework are so far apart. */
const TOLERANCE_US = 50_000;

/**
 * What a framework shows in spans below those of its turns: when the user fell silent, when the turn was accepted as finished,
 * and how long the first audio took. It completes turns and stages, and what these say themselves stands.
 */
export class Observed {
  readonly #below = new Map<string, TurnPartFact[]>();

  /** @param facts - in order of time */
  constructor(facts: readonly Fact[]) {
    for (const fact of facts) {
      if (fact.type !== 'turn_part' || fact.parentSpanId === undefined) continue;
      const parent = parentOf(fact);
      const known = this.#below.get(parent);
      if (known === undefined) this.#below.set(parent, [fact]);
      else known.push(fact);
    }
  }

  turn(turn: TurnFact): TurnFact {
    const below = this.#below.get(keyOf(turn));
    if (below === undefined) return turn;
    const committedUs = turn.committedUs ?? lastEnd(below, 'commit', Number.POSITIVE_INFINITY);
    const untilUs = (committedUs ?? Number.POSITIVE_INFINITY) + TOLERANCE_US;
    const silentUs = lastEnd(below, 'speech', untilUs);
    const spokenUs = turn.speechStartedUs ?? below.find(({ part }) => part === 'speech')?.startUs;
    // The framework's own figure is of the same clock, and says which words it is of.
    const isUnmeasured = (turn.reportedEouLatencySeconds ?? turn.speechEndedUs) === undefined;
    return {
      ...turn,
      ...(committedUs !== undefined && { committedUs }),
      ...(silentUs !== undefined && spokenUs !== undefined && { speechStartedUs: spokenUs }),
      ...(isUnmeasured && silentUs !== undefined && { speechEndedUs: silentUs, eouSource: 'vad' }),
    };
  }

  /** A synthesis whose span ended before the framework knew when its first audio came. */
  stage(stage: StageFact): StageFact {
    if (stage.stage !== 'tts' || stage.firstByteUs !== undefined || stage.parentSpanId === undefined)
      return stage;
    const part = this.#below
      .get(parentOf(stage))
      ?.find(
        ({ part, startUs }) =>
          part === 'first_audio' &&
          startUs >= stage.startUs - TOLERANCE_US &&
          startUs <= stage.endUs + TOLERANCE_US,
      );
    return part === undefined || part.endUs < stage.startUs ? stage : { ...stage, firstByteUs: part.endUs };
  }
}

const parentOf = ({ traceId, parentSpanId = '' }: Fact): string => keyOf({ traceId, spanId: parentSpanId });

const lastEnd = (
  parts: readonly TurnPartFact[],
  kind: TurnPartFact['part'],
  untilUs: Micros,
): Micros | undefined =>
  parts.reduce<Micros | undefined>(
    (last, { part, endUs }) =>
      part === kind && endUs <= untilUs && endUs > (last ?? Number.NEGATIVE_INFINITY) ? endUs : last,
    undefined,
  );
