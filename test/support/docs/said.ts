import assert from 'node:assert/strict';
import { groupCall } from '../../../exporter/calls/group.ts';
import type { GroupedCall } from '../../../exporter/calls/grouped.ts';
import { type Check, checking } from '../../../exporter/checks/check.ts';
import { type Comparison, comparingSelections } from '../../../exporter/comparison/selections.ts';
import { collectWhatIf, type JournalCall } from '../../../exporter/decisions/collect.ts';
import { type EndpointingCall, endpointingCall } from '../../../exporter/decisions/endpointing-call.ts';
import { type EndpointingGroup, endpointingGroups } from '../../../exporter/decisions/endpointing-groups.ts';
import { verifiedGroups } from '../../../exporter/decisions/verified-groups.ts';
import { type WhatIf, WhatIfCalls } from '../../../exporter/decisions/whatif.ts';
import { finalizeCall } from '../../../exporter/finalize.ts';
import { catalogue } from '../../../exporter/pricing/index.ts';
import { finished } from '../../../exporter/statistics/pieces.ts';
import type { CallSamples } from '../../../exporter/store/views/index.ts';
import type { CallRows } from '../../../model/rows.ts';
import { callSamples, checkedTotals } from '../call-samples.ts';
import { type TrueCall, WEEKS_UNTIL_US } from '../simulated-weeks.ts';

/** Which calls a command is about. */
interface Choice {
  readonly agent: string;
  readonly version?: string;
  readonly language?: string;
  readonly sinceDays?: number;
}

/** The calls of a version: as `chosen` has them, and what they are named on the command line. */
interface Side extends CallSamples {
  readonly name: string;
}

/**
 * What commands say of simulated weeks, as they compute it of a database with these calls alone. Each is computed once, when it
 * is first asked for, and so are the rows of a call.
 */
export class Said {
  readonly #weeks: readonly TrueCall[];
  readonly #rows = new Map<TrueCall, CallRows>();
  readonly #grouped = new Map<TrueCall, GroupedCall>();
  #whatIf: Promise<WhatIf> | undefined;
  #endpointing: EndpointingGroup | undefined;
  #check: Check | undefined;

  constructor(weeks: readonly TrueCall[]) {
    this.#weeks = weeks;
  }

  /** The latest calls, so many, with their rows. */
  latest(calls: number): { readonly weeks: readonly TrueCall[]; readonly rows: readonly CallRows[] } {
    const weeks = this.#weeks.slice(0, calls);
    return { weeks, rows: weeks.map((call) => this.#rowsOf(call)) };
  }

  /** `earshot whatif --llm openai/gpt-4.1-mini --agent support --service-version 2.3.0` */
  whatIf(): Promise<WhatIf> {
    this.#whatIf ??= this.#askWhatIf();
    return this.#whatIf;
  }

  /** `earshot endpointing --agent reminders --service-version 0.9.0 --tag language=en` */
  endpointing(): EndpointingGroup {
    this.#endpointing ??= this.#askEndpointing();
    return this.#endpointing;
  }

  /** `earshot endpointing --agent reminders --changed-in 0.10.0` */
  changed(): EndpointingGroup[] {
    const calls = this.#pausesOf({ agent: 'reminders' });
    return finished(verifiedGroups(calls, ({ serviceVersion }) => serviceVersion === '0.10.0'));
  }

  /** `earshot check --since 2d --agent front-desk --service-version 1.5.0` with its limits */
  check(): Check {
    this.#check ??= this.#askCheck();
    return this.#check;
  }

  /** `earshot compare version=1.4.0 version=1.5.0 --agent front-desk` */
  compare(): { readonly sides: { readonly a: Side; readonly b: Side }; readonly comparison: Comparison } {
    const side = (version: string): Side => {
      const samples = callSamples(this.#rowsOfAll({ agent: 'front-desk', version }));
      return { name: `version=${version}`, calls: samples.length, every: 1, samples };
    };
    const sides = { a: side('1.4.0'), b: side('1.5.0') };
    return { sides, comparison: finished(comparingSelections(sides.a, sides.b)) };
  }

  async #askWhatIf(): Promise<WhatIf> {
    const calls = new WhatIfCalls({ llm: { provider: 'openai', model: 'gpt-4.1-mini' } }, catalogue());
    await collectWhatIf(calls, {
      chosen: () => this.#journal(this.#chosen({ agent: 'support', version: '2.3.0' })),
      ofProvider: (provider) =>
        this.#journal(this.#weeks.filter(({ truth }) => truth.version.llm.provider === provider)),
    });
    return calls.result();
  }

  async *#journal(calls: readonly TrueCall[]): AsyncGenerator<JournalCall> {
    for (const call of calls) yield { key: call.truth.callId, call: this.#group(call) };
  }

  #askEndpointing(): EndpointingGroup {
    const calls = this.#pausesOf({ agent: 'reminders', version: '0.9.0', language: 'en' });
    const [group, another] = finished(endpointingGroups(calls));
    assert.ok(group && another === undefined);
    return group;
  }

  #askCheck(): Check {
    const rows = this.#rowsOfAll({ agent: 'front-desk', version: '1.5.0', sinceDays: 2 });
    return finished(
      checking({
        totals: checkedTotals(rows),
        samples: callSamples(rows),
        limits: { 'silence-p95': 2, 'cost-per-minute': 0.05, 'interruption-rate': 0.1, unpriced: 0 },
      }),
    );
  }

  #pausesOf = (choice: Choice): EndpointingCall[] =>
    this.#chosen(choice).map((call) => endpointingCall(this.#group(call)));

  #rowsOfAll = (choice: Choice): CallRows[] => this.#chosen(choice).map((call) => this.#rowsOf(call));

  #rowsOf(call: TrueCall): CallRows {
    return remembered(this.#rows, call, () => finalizeCall(call.facts, catalogue()));
  }

  #group(call: TrueCall): GroupedCall {
    return remembered(this.#grouped, call, () => groupCall(call.facts));
  }

  #chosen({ agent, version, language, sinceDays }: Choice): TrueCall[] {
    const since = sinceDays === undefined ? 0 : WEEKS_UNTIL_US - sinceDays * 86_400_000_000;
    return this.#weeks.filter(
      ({ truth }) =>
        truth.agent.name === agent &&
        (version === undefined || truth.version.version === version) &&
        (language === undefined || truth.language === language) &&
        truth.startUs >= since,
    );
  }
}

function remembered<Key, Value>(known: Map<Key, Value>, key: Key, compute: () => Value): Value {
  const value = known.get(key) ?? compute();
  known.set(key, value);
  return value;
}
