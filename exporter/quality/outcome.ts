import type { OutcomeSource } from '../../model/vocabulary.ts';
import { OUTCOME_SOURCES, OUTCOMES } from '../../model/vocabulary.ts';
import { type KeywordOptions, KeywordScan, type TranscriptTurn } from './keywords.ts';
import {
  AMD_RULES,
  CONFIDENCE,
  END_REASON_PREFIXES,
  END_REASON_RULES,
  END_REASON_SUFFIXES,
  HUMAN,
  LIVEKIT_DISCONNECT_REASONS,
  normalised,
  type OutcomeRule,
  SIP_RULES,
} from './outcome-tables.ts';
import type { OutcomeVerdict } from './verdict.ts';

/** What a call left behind when it stopped. A `CallFact` is one. */
export interface FinalState {
  /** The application's verdict, or one found earlier: then `outcomeSource` says by what. Case does not matter. */
  outcome?: string;
  /** (Default: `explicit`.) */
  outcomeSource?: OutcomeSource;
  /** 0 to 1. (Default: 1 for a verdict of the application.) */
  outcomeConfidence?: number;
  /** Final SIP response. */
  sipStatusCode?: number;
  /** Answering machine detection, as the provider says it. */
  amdResult?: string;
  /** How the call stopped, as the transport or framework says it. */
  endReason?: string;
  /** What carried the audio; a bare number as end reason is LiveKit's only when this is `livekit`. */
  transport?: string;
}

/**
 * Decides how a call turned out: explicit beats SIP status, which beats machine detection, which beats end reasons,
 * which beat keywords. Evidence that proves nothing is passed over. No evidence at all: undefined, never a guess.
 */
export class OutcomeClassifier {
  readonly #keywords: KeywordOptions;

  constructor(keywords: KeywordOptions = {}) {
    this.#keywords = keywords;
  }

  /** From how the call ended. Technical reasons never prove SUCCESS; only an explicit verdict does. */
  classifyFromState(state: FinalState): OutcomeVerdict | undefined {
    return strongest([recorded(state), fromSip(state), fromAmd(state), fromEndReason(state)]);
  }

  /** From what was said, in order of speaking. */
  classifyFromKeywords(transcript: readonly TranscriptTurn[]): OutcomeVerdict | undefined {
    return this.scan(transcript).verdict();
  }

  /** From both. A person who answered (machine detection) rules out a voicemail by words. */
  classify({
    state = {},
    transcript = [],
  }: {
    state?: FinalState;
    /** The utterances, or a scan that heard them. */
    transcript?: readonly TranscriptTurn[] | KeywordScan;
  }): OutcomeVerdict | undefined {
    const scan = transcript instanceof KeywordScan ? transcript : this.scan(transcript);
    const person = typeof state.amdResult === 'string' && HUMAN.has(normalised(state.amdResult));
    return strongest([this.classifyFromState(state), scan.verdict(person ? ['VOICEMAIL'] : [])]);
  }

  /** A scan with this classifier's rules, for following a live call. */
  scan(transcript: readonly TranscriptTurn[] = []): KeywordScan {
    const scan = new KeywordScan(this.#keywords);
    for (const turn of transcript) scan.add(turn);
    return scan;
  }
}

/** The first of equals counts. */
function strongest(verdicts: readonly (OutcomeVerdict | undefined)[]): OutcomeVerdict | undefined {
  for (const source of OUTCOME_SOURCES) {
    const verdict = verdicts.find((candidate) => candidate?.source === source);
    if (verdict !== undefined) return verdict;
  }
  return undefined;
}

function recorded({
  outcome: text,
  outcomeSource: source = 'explicit',
  outcomeConfidence,
}: FinalState): OutcomeVerdict | undefined {
  if (typeof text !== 'string') return undefined;
  const outcome = OUTCOMES.find((known) => known === normalised(text).replaceAll('-', '_').toUpperCase());
  if (outcome === undefined) return undefined;
  const confidence = outcomeConfidence ?? (source === 'keywords' ? 0.5 : CONFIDENCE[source]);
  return { outcome, confidence, source, evidence: [{ rule: `recorded.${source}`, matched: outcome }] };
}

function fromSip({ sipStatusCode: code }: FinalState): OutcomeVerdict | undefined {
  if (code === undefined || !Number.isInteger(code) || code < 400 || code > 699) return undefined;
  const rule = SIP_RULES.find(({ codes }) => codes.includes(code));
  return verdictOf('sip', rule ?? { outcome: 'FAIL' }, String(code));
}

function fromAmd({ amdResult }: FinalState): OutcomeVerdict | undefined {
  if (typeof amdResult !== 'string') return undefined;
  const value = normalised(amdResult);
  return verdictOf(
    'amd',
    AMD_RULES.find(({ values }) => values.includes(value)),
    value,
  );
}

function fromEndReason({ endReason, transport }: FinalState): OutcomeVerdict | undefined {
  if (typeof endReason !== 'string') return undefined;
  const reason = normalised(endReason);
  const livekit = typeof transport === 'string' && normalised(transport) === 'livekit';
  const value = (livekit && LIVEKIT_DISCONNECT_REASONS[reason]) || reason;
  const rule =
    END_REASON_RULES.find(({ values }) => values.includes(value)) ??
    END_REASON_SUFFIXES.find(({ values }) => values.some((suffix) => value.endsWith(suffix))) ??
    longestPrefix(value);
  return verdictOf('end_reason', rule, value);
}

function longestPrefix(value: string): OutcomeRule | undefined {
  let best: OutcomeRule | undefined;
  let longest = 0;
  for (const rule of END_REASON_PREFIXES)
    for (const { length } of rule.values.filter((prefix) => value.startsWith(prefix)))
      if (length > longest) [best, longest] = [rule, length];
  return best;
}

function verdictOf(
  source: 'sip' | 'amd' | 'end_reason',
  rule: Pick<OutcomeRule, 'outcome' | 'confidence'> | undefined,
  value: string,
): OutcomeVerdict | undefined {
  if (rule?.outcome === undefined) return undefined;
  return {
    outcome: rule.outcome,
    confidence: rule.confidence ?? CONFIDENCE[source],
    source,
    evidence: [{ rule: `${source}.${value}`, matched: value }],
  };
}
