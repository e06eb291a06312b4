import type { Outcome, OutcomeSource } from '../../model/vocabulary.ts';

/** What an outcome rests on. */
export interface OutcomeEvidence {
  /** The rule that applied: `sip.486`, `amd.machine-start`, `end_reason.dial-busy`, or a keyword rule's name. */
  rule: string;
  /** The value seen, or the phrase of the rule that was heard; never other words of the speaker. */
  matched: string;
  /** Keywords: which utterance, from 0. */
  turn?: number;
}

/** An outcome with its grounds. */
export interface OutcomeVerdict {
  outcome: Outcome;
  /** 0 to 1. */
  confidence: number;
  source: OutcomeSource;
  evidence: OutcomeEvidence[];
}
