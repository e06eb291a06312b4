import type { Micros } from '../../model/facts.ts';
import type { GroupedCall } from '../calls/grouped.ts';
import type { WhatIfCalls } from './whatif.ts';

/** A call as the journal has it; without `call` its spans have left the journal. */
export interface JournalCall {
  readonly key: string;
  readonly call: GroupedCall | undefined;
}

/** Where calls are read from, the latest first. */
interface CallSource {
  /** The calls that were chosen. */
  chosen(): AsyncIterable<JournalCall>;
  /** Calls of the same time and tenants in which a provider was used, whichever agent they are of. */
  ofProvider(provider: string): AsyncIterable<JournalCall>;
}

/** Chooses the calls that show how fast the models of a provider are: those of the same time and tenants. */
export const elsewhere = (
  { since, until, tenant }: { since?: Micros; until?: Micros; tenant?: readonly string[] },
  provider: string,
) => ({
  ...(since !== undefined && { since }),
  ...(until !== undefined && { until }),
  ...(tenant && { tenant }),
  provider: [provider],
});

/** Takes in the chosen calls, and others as far as they are needed to know how fast the other models are. */
export async function collectWhatIf(calls: WhatIfCalls, source: CallSource): Promise<void> {
  const keys = new Set<string>();
  for await (const { key, call } of source.chosen()) {
    keys.add(key);
    if (call === undefined) calls.addExpired();
    else {
      calls.add(call);
      calls.measure(call);
    }
  }
  for (const { stage, provider } of calls.unmeasured) {
    for await (const { key, call } of source.ofProvider(provider)) {
      if (!calls.unmeasured.some((each) => each.stage === stage)) break;
      if (call === undefined || keys.has(key)) continue;
      keys.add(key);
      calls.measure(call);
    }
  }
}
