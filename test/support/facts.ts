import type { CallFact, Fact, StageFact, TurnFact } from '../../model/facts.ts';
import type { StageKind } from '../../model/vocabulary.ts';

/** The calls among what was recorded. */
export const callsOf = (facts: readonly Fact[]): CallFact[] =>
  facts.filter((fact): fact is CallFact => fact.type === 'call');

/** The turns among what was recorded. */
export const turnsOf = (facts: readonly Fact[]): TurnFact[] =>
  facts.filter((fact): fact is TurnFact => fact.type === 'turn');

/** The stages of a kind among what was recorded. */
export const stagesOf = (facts: readonly Fact[], kind: StageKind): StageFact[] =>
  facts.filter((fact): fact is StageFact => fact.type === 'stage' && fact.stage === kind);

/** Seconds of audio that stages used together, to the microsecond. */
export const audioSecondsOf = (stages: readonly StageFact[]): number =>
  stages.reduce((total, { usage }) => total + Math.round((usage?.audioSeconds ?? 0) * 1e6), 0) / 1e6;

/** What was recorded of a conversation, in its order. */
export class Story {
  readonly facts: readonly Fact[];

  constructor(facts: readonly Fact[]) {
    this.facts = facts;
  }

  get calls(): CallFact[] {
    return callsOf(this.facts);
  }

  get turns(): TurnFact[] {
    return turnsOf(this.facts).sort((a, b) => a.turnIndex - b.turnIndex);
  }

  /** @param turnIndex Of the turn that they belong to. (Default: of any.) */
  stages(kind: StageKind, turnIndex?: number): StageFact[] {
    return stagesOf(this.facts, kind)
      .filter((stage) => turnIndex === undefined || stage.turnIndex === turnIndex)
      .sort((a, b) => a.startUs - b.startUs);
  }
}
