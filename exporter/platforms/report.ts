import type {
  BilledCall,
  CallDescription,
  Micros,
  OtherFact,
  ReportedLatencies,
  Usage,
} from '../../model/facts.ts';
import type { OutcomeSource, PlatformName } from '../../model/vocabulary.ts';
import type { Fields } from './fields.ts';

/** What a hosted platform reports of a call that it ran, whichever it is. */
export interface PlatformReport {
  readonly platform: PlatformName;
  readonly callId: string;
  readonly startUs: Micros;
  readonly endUs: Micros;
  readonly call: Described<CallDescription & Pick<BilledCall, 'platformCostUsd'>>;
  /** What is known after the call only. A report that comes again may have more of it. */
  readonly judged?: Described<NonNullable<OtherFact['call']>> | undefined;
  /** The application's own: campaign, customer, tags. */
  readonly parameters?: Fields | undefined;
  /** What was said, in order of time. */
  readonly utterances: readonly Utterance[];
  /** What the whole call used. */
  readonly used: readonly ModelUse[];
}

/** Entries may be undefined: they are absent then. */
export type Described<T> = { readonly [Key in keyof T]?: T[Key] | undefined };

/** What one side said at once. */
export interface Utterance {
  readonly by: 'user' | 'agent';
  readonly startUs: Micros;
  /** Absent: it is not known when it was over. */
  readonly endUs?: Micros | undefined;
  readonly words?: string | undefined;
  /** Of the agent: cut off by the user, as the platform says. */
  readonly interrupted?: boolean | undefined;
  /** Of the agent: seconds from the user's silence, as the platform measured them. */
  readonly silenceSeconds?: number | undefined;
  /** Of the agent. */
  readonly latencies?: { readonly [Name in keyof ReportedLatencies]?: number | undefined } | undefined;
  /** Of the agent: what this answer used. */
  readonly used?: readonly ModelUse[] | undefined;
}

/** What one model did. */
export interface ModelUse {
  readonly stage: 'stt' | 'llm' | 'tts';
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
  readonly usage: { readonly [Name in keyof Usage]?: Usage[Name] | undefined };
}

/** The platform's own verdict, which it reads from what was said. */
export const analysed = (successful: boolean | undefined): Described<NonNullable<OtherFact['call']>> =>
  successful === undefined
    ? {}
    : { outcome: successful ? 'SUCCESS' : 'FAIL', outcomeSource: 'analysis' satisfies OutcomeSource };
