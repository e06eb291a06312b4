import type { Outcome } from '../../model/vocabulary.ts';
import { KEYWORD_RULES, type KeywordRule } from './keyword-rules.ts';
import type { OutcomeEvidence, OutcomeVerdict } from './verdict.ts';
import { type Clause, clauses, indexOfPhrase, isNegation } from './words.ts';

/** One utterance of a call. */
export interface TranscriptTurn {
  role: 'user' | 'agent';
  text: string;
}

/** Options of {@link KeywordScan}. */
export interface KeywordOptions {
  /** Replaces the built-in {@link KEYWORD_RULES}. */
  rules?: readonly KeywordRule[];
  /** Confidence under which there is no verdict. (Default: 0.5.) */
  minimumConfidence?: number;
}

/** A machine greets at once: its words come in the user's first turns. */
const OPENING_TURNS = 2;
/** How far before a phrase a negation or a condition still bears on it, in words. */
const REACH = 4;
/** Two outcomes closer than this contradict each other: no verdict. */
const MARGIN = 0.1;
/**
 * Words alone never make certain. SUCCESS least: people are polite on calls that came to nothing.
 */
const CEILING: Readonly<Record<Outcome, number>> = {
  SUCCESS: 0.75,
  FAIL: 0.85,
  VOICEMAIL: 0.9,
  NO_ANSWER: 0.85,
  BUSY: 0.85,
};
const CONDITIONS = new Set(['if', 'once', 'until', 'when', 'unless', 'before', 'whether']);
const FIRST_PERSON = new Set(['i', "i'd", "i'll", "i'm", 'we', "we'd", "we'll"]);

interface Prepared extends KeywordRule {
  readonly phraseWords: readonly { readonly phrase: string; readonly words: readonly string[] }[];
}

/** Rules with their phrases split, once for a list and not for every call. */
const preparedLists = new WeakMap<readonly KeywordRule[], readonly Prepared[]>();

function prepared(rules: readonly KeywordRule[]): readonly Prepared[] {
  const known = preparedLists.get(rules);
  if (known !== undefined) return known;
  const list = rules.map((rule) => ({
    ...rule,
    phraseWords: rule.phrases.map((phrase) => ({
      phrase,
      words: clauses(phrase).flatMap(({ words }) => words),
    })),
  }));
  preparedLists.set(rules, list);
  return list;
}

/**
 * Collects keyword evidence turn by turn. Keeps the rules that matched, never the text, so it can run through a live
 * call without holding what was said.
 */
export class KeywordScan {
  readonly #rules: readonly Prepared[];
  readonly #minimumConfidence: number;
  readonly #found = new Map<Prepared, OutcomeEvidence>();
  #turns = 0;
  #userTurns = 0;

  constructor({ rules = KEYWORD_RULES, minimumConfidence = 0.5 }: KeywordOptions = {}) {
    this.#minimumConfidence = minimumConfidence;
    this.#rules = prepared(rules);
  }

  /** The next utterance. */
  add({ role, text }: TranscriptTurn): void {
    const turn = this.#turns;
    this.#turns += 1;
    if (role === 'user') this.#userTurns += 1;
    const opening = this.#userTurns <= OPENING_TURNS;
    const spoken = clauses(text);
    for (const rule of this.#rules) {
      if (this.#found.has(rule) || (rule.speaker !== 'any' && rule.speaker !== role)) continue;
      if (rule.opening && !opening) continue;
      const phrase = firstPhrase(rule, spoken);
      if (phrase !== undefined) this.#found.set(rule, { rule: rule.name, matched: phrase, turn });
    }
  }

  /**
   * The outcome that the words speak for, so far. Undefined: too little evidence, or two outcomes that contradict each
   * other.
   *
   * Two rules of 0.35 and 0.3 for the same outcome give 1 - 0.65 × 0.7 = 0.545.
   *
   * @param except Outcomes that other evidence has ruled out.
   */
  verdict(except: readonly Outcome[] = []): OutcomeVerdict | undefined {
    const doubts = new Map<Outcome, number>();
    for (const { outcome, confidence } of this.#found.keys())
      if (!except.includes(outcome)) doubts.set(outcome, (doubts.get(outcome) ?? 1) * (1 - confidence));
    const [best, next] = [...doubts]
      .map(([outcome, doubt]) => ({ outcome, confidence: 1 - doubt }))
      .sort((a, b) => b.confidence - a.confidence);
    if (best === undefined || best.confidence < this.#minimumConfidence) return undefined;
    if (next !== undefined && best.confidence - next.confidence < MARGIN) return undefined;
    const { outcome } = best;
    const evidence = [...this.#found].filter(([rule]) => rule.outcome === outcome).map(([, found]) => found);
    return {
      outcome,
      confidence: Math.min(best.confidence, CEILING[outcome]),
      source: 'keywords',
      evidence,
    };
  }
}

function firstPhrase(rule: Prepared, spoken: readonly Clause[]): string | undefined {
  for (const { phrase, words } of rule.phraseWords) {
    if (words.length === 0) continue;
    for (const clause of spoken) {
      for (
        let at = indexOfPhrase(clause.words, words);
        at >= 0;
        at = indexOfPhrase(clause.words, words, at + 1)
      )
        if (counts(rule, clause, at)) return phrase;
    }
  }
  return undefined;
}

function counts(rule: KeywordRule, { words, question }: Clause, at: number): boolean {
  const before = words.slice(Math.max(0, at - REACH), at);
  if (rule.claim && (question || before.some((word) => isNegation(word) || CONDITIONS.has(word))))
    return false;
  return !(rule.impersonal && before.some((word) => FIRST_PERSON.has(word)));
}
