import type { CallFact } from '../../model/facts.ts';
import type { CallMetricsRow } from '../../model/rows.ts';
import type { Settings } from '../../model/settings.ts';
import { type Measurement, measureCall } from '../metrics/measure-call.ts';
import {
  type CallKey,
  ClaimedCalls,
  type ClaimedGroup,
  callKey,
  type Database,
  type Finalize,
  type FinalizedCall,
  type GroupWork,
  getJournalFacts,
  Journal,
  JournalDays,
  type JournalOptions,
  readSizes,
  type TakeResult,
} from '../store/index.ts';

/** A call that has its rows, without the turns: what the rest of the process is told. */
export interface DoneCall {
  readonly metrics: CallMetricsRow;
  /** The call had no rows before: what is counted once a call is counted now. */
  readonly first: boolean;
  /** What is counted of it; nothing unless it is the first time. */
  readonly measurements: readonly Measurement[];
}

/** A call that is to be ended, by a fact of the default tenant. */
export interface EndingCall {
  readonly fact: CallFact;
  /** It is not known when it started: it did with the first fact that the journal has of it. */
  readonly startsWithFirst: boolean;
}

export interface EndedCall {
  /** Facts that the journal had of the call before. */
  readonly known: number;
  readonly finalized: readonly DoneCall[];
}

/** The work on calls that costs time, wherever it is done. */
export interface Finalizing extends GroupWork<DoneCall> {
  /**
   * Appends the fact and finalizes its call with all that the journal has of it, in one transaction.
   * @throws whatever goes wrong; then nothing has changed.
   */
  end(call: EndingCall): Promise<EndedCall>;
}

/** The settings that it needs. */
export type FinalizingSettings = Pick<Settings, 'finalizeDelay' | 'idleLimit' | 'maxCallSpans' | 'callGap'>;

/** The work, done here: in the thread, or in the process. */
export class FinalizingHere implements Finalizing {
  readonly #db: Database;
  readonly #calls: ClaimedCalls;
  readonly #journalOptions: JournalOptions;
  readonly #maxCallSpans: number;
  readonly #days: JournalDays;

  constructor(db: Database, finalize: Finalize, settings: FinalizingSettings, workerId: string) {
    const { finalizeDelay, idleLimit, maxCallSpans, callGap } = settings;
    this.#db = db;
    this.#days = new JournalDays(db);
    this.#calls = new ClaimedCalls(db, { finalize, workerId, maxCallSpans, callGapMs: callGap });
    this.#journalOptions = { finalizeDelayMs: finalizeDelay, idleLimitMs: idleLimit };
    this.#maxCallSpans = maxCallSpans;
  }

  async finalize(group: ClaimedGroup): Promise<TakeResult<DoneCall>> {
    const result = await this.#calls.finalize(group);
    return { ...result, finalized: result.finalized.map(doneCall) };
  }

  async putBack(call: CallKey, error: unknown, claim: string): Promise<TakeResult<DoneCall>> {
    return { ...(await this.#calls.putBack(call, error, claim)), finalized: [] };
  }

  /** How many spans the journal has of a call. */
  async sizeOf({ fact }: EndingCall): Promise<number> {
    const call = callKey(fact.callId);
    return (await readSizes(this.#db, [call])).get(call) ?? 0;
  }

  async end({ fact, startsWithFirst }: EndingCall): Promise<EndedCall> {
    const { callId } = fact;
    // Not within the transaction, which must not fail for it.
    await this.#days.prepare([fact]);
    return this.#db.transaction(async (tx) => {
      const known = await getJournalFacts(tx, callId, this.#maxCallSpans);
      const startUs = known.reduce((first, each) => Math.min(first, each.startUs), fact.startUs);
      // The same call again changes nothing, whenever it says that it ended.
      const isKnown = known.some(({ traceId, spanId }) => traceId === fact.traceId && spanId === fact.spanId);
      const { refused } = await new Journal(tx, { ...this.#journalOptions, days: undefined }).append(
        isKnown ? [] : [startsWithFirst ? { ...fact, startUs } : fact],
      );
      if (refused[0] !== undefined) throw new Error(`The database refused the call: ${refused[0].reason}.`);
      const finalized = await this.#calls.finalizeIn(tx, [callKey(callId)]);
      return { known: known.length, finalized: finalized.map(doneCall) };
    });
  }
}

const doneCall = ({ rows, first }: FinalizedCall): DoneCall => ({
  metrics: rows.metrics,
  first,
  measurements: first ? measureCall(rows) : [],
});
