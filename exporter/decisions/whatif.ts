import type { GroupedCall } from '../calls/grouped.ts';
import type { PriceList } from '../pricing/price-list.ts';
import type { BootstrapOptions } from '../statistics/bootstrap.ts';
import { finished } from '../statistics/pieces.ts';
import type { SilenceFigure } from './answers.ts';
import { type CostChange, CostComparison } from './costs.ts';
import { type Commit, delayChange, medianDelay } from './delay.ts';
import { Measured, type Measurement } from './measured.ts';
import { showModelName } from './model-name.ts';
import { type CallCase, isChanged, type Plan, type Prediction, predictingSilence } from './silence.ts';
import { callName, measurementsOf, type TurnCase, turnCases } from './turn-cases.ts';
import { notKnown } from './unknowns.ts';
import type { Wish } from './wish.ts';

/** How long a model takes, given and not measured. Seconds. */
export interface GivenLatency {
  readonly seconds: number;
  readonly inputTokens?: number | undefined;
}
export type GivenLatencies = Readonly<Partial<Record<'llm' | 'tts', readonly GivenLatency[]>>>;

/** Fewer turns, fewer measurements of a model, or fewer calls, say little. */
const NEEDED = 30;
const NEEDED_CALLS = 20;
/** So often a model is measured at most. */
const ENOUGH = 5_000;

/** What would be different. */
export interface WhatIf {
  readonly calls: number;
  /** Calls whose spans have left the journal; they are not among the others. */
  readonly expired: number;
  readonly seconds: number;
  /** Turns whose silence is known, and those of them in which something would be different. */
  readonly turns: number;
  readonly changed: number;
  readonly cost: CostChange;
  /** Absent: why is in `noSilence`. */
  readonly silence?: Readonly<Record<SilenceFigure, Prediction>>;
  readonly noSilence?: string;
  /** What the prediction takes from where. */
  readonly sources: readonly string[];
  /** What cannot be known from these calls. */
  readonly unknown: readonly string[];
}

/** Collects calls, and answers what would be different in them. Nothing of a call but its marks and sums is kept. */
export class WhatIfCalls {
  readonly #wish: Wish;
  readonly #given: GivenLatencies;
  readonly #costs: CostComparison;
  readonly #cases: CallCase[] = [];
  readonly #measured = { llm: [] as Measurement[], tts: [] as Measurement[] };
  readonly #replaced = { stt: new Set<string>(), llm: new Set<string>(), tts: new Set<string>() };
  #expired = 0;
  #seconds = 0;
  #speechToSpeech = 0;

  constructor(wish: Wish, list: PriceList, given: GivenLatencies = {}) {
    this.#wish = wish;
    this.#given = given;
    this.#costs = new CostComparison(wish, list);
  }

  /** A call to look at. */
  add(call: GroupedCall): void {
    this.#costs.add(call);
    this.#seconds += (call.endUs - call.startUs) / 1e6;
    this.#cases.push({ call: callName(call), turns: turnCases(call, this.#wish) });
    for (const { stage, provider, model, realtime } of call.stages) {
      if (stage === 'playback' || stage === 'tool') continue;
      if (realtime === true) this.#speechToSpeech += 1;
      else if (this.#wish[stage] && provider !== undefined && model !== undefined)
        this.#replaced[stage].add(showModelName({ provider, model }));
    }
  }

  /** A call whose spans are gone. */
  addExpired(): void {
    this.#expired += 1;
  }

  /** A call that may show how fast the other models are; it may be one of those that are looked at. */
  measure(call: GroupedCall): void {
    for (const stage of ['llm', 'tts'] as const) {
      const name = this.#wish[stage];
      if (name === undefined || this.#given[stage] !== undefined) continue;
      this.#measured[stage].push(...measurementsOf(call, stage, name));
    }
  }

  /** Models of which it is to be measured how fast they are, and is not yet known well. */
  get unmeasured(): { readonly stage: 'llm' | 'tts'; readonly provider: string }[] {
    return (['llm', 'tts'] as const).flatMap((stage) => {
      const name = this.#wish[stage];
      const isKnown = this.#given[stage] !== undefined || this.#measured[stage].length >= ENOUGH;
      return name === undefined || isKnown ? [] : [{ stage, provider: name.provider }];
    });
  }

  result(options?: BootstrapOptions): WhatIf {
    return finished(this.working(options));
  }

  /** The result in pieces: where other work is to go on in between. */
  *working(options?: BootstrapOptions): Generator<void, WhatIf> {
    const turns = this.#cases.flatMap(({ turns }) => turns);
    yield;
    const plan = this.#plan(turns);
    yield;
    const changed = turns.filter((turn) => isChanged(turn, plan)).length;
    yield;
    const noSilence = this.#whyNot(turns.length, changed, plan);
    const cost = this.#costs.result;
    return {
      calls: this.#cases.length,
      expired: this.#expired,
      seconds: this.#seconds,
      turns: turns.length,
      changed,
      cost,
      ...(noSilence === undefined
        ? { silence: yield* predictingSilence(this.#cases, plan, options) }
        : { noSilence }),
      sources: [...this.#sources(plan), ...this.#delays(turns), ...cost.notes],
      unknown: notKnown({
        wish: this.#wish,
        plan,
        turns,
        speechToSpeech: this.#speechToSpeech,
        replaced: this.#replaced,
        given: this.#given,
      }),
    };
  }

  #plan(turns: readonly TurnCase[]): Plan {
    const { endpointing, endpointingNow } = this.#wish;
    const commits = commitsOf(turns);
    return {
      llm: this.#measuredOf('llm'),
      tts: this.#measuredOf('tts'),
      ...(endpointing !== undefined &&
        commits.length > 0 && {
          delay: delayChange(
            commits,
            endpointing * 1e6,
            endpointingNow === undefined ? undefined : endpointingNow * 1e6,
          ),
        }),
    };
  }

  #measuredOf(stage: 'llm' | 'tts'): Measured | undefined {
    if (this.#wish[stage] === undefined) return undefined;
    const given = this.#given[stage]?.map(({ seconds, inputTokens }, index) => ({
      call: `${index}`,
      firstByte: Math.round(seconds * 1e6),
      ...(inputTokens !== undefined && { inputTokens }),
    }));
    return new Measured(given ?? this.#measured[stage]);
  }

  /** Why nothing can be said of the silence; undefined: something can. */
  #whyNot(turns: number, changed: number, plan: Plan): string | undefined {
    const { llm, tts, endpointing } = this.#wish;
    if (!llm && !tts && endpointing === undefined)
      return 'what another transcription does to the silence cannot be told from the calls';
    if (turns < NEEDED) return `too few turns: ${turns}, needs ${NEEDED}`;
    const calls = this.#cases.filter(({ turns }) => turns.length > 0).length;
    if (calls < NEEDED_CALLS) return `too few calls: ${calls}, needs ${NEEDED_CALLS}`;
    for (const stage of ['llm', 'tts'] as const) {
      const [name, measured] = [this.#wish[stage], plan[stage]];
      if (name === undefined || measured === undefined || measured.count >= NEEDED) continue;
      return this.#given[stage]
        ? `too few latencies in the file: ${measured.count}, needs ${NEEDED}`
        : `too few turns of ${showModelName(name)} to know how fast it is: ${measured.count}, needs ${NEEDED}; or give --latency FILE`;
    }
    return changed === 0 ? 'nothing would be different in any turn' : undefined;
  }

  /** What the delay is said to be now, beside what it was: where they differ, one of them is not of these calls. */
  #delays(turns: readonly TurnCase[]): string[] {
    const { endpointing, endpointingNow } = this.#wish;
    const commits = commitsOf(turns);
    if (endpointing === undefined || endpointingNow === undefined || commits.length === 0) return [];
    const [given, measured] = [endpointingNow * 1e6, medianDelay(commits)].map((us) =>
      Math.round(us / 1_000),
    );
    return [`endpointing: ${given} ms now, as given; ${measured} ms was measured (the median).`];
  }

  #sources(plan: Plan): string[] {
    return (['llm', 'tts'] as const).flatMap((stage) => {
      const [name, measured] = [this.#wish[stage], plan[stage]];
      if (name === undefined || measured === undefined) return [];
      const from = [...this.#replaced[stage]].filter((model) => model !== showModelName(name)).sort();
      const how = this.#given[stage]
        ? `${measured.count.toLocaleString('en-US')} latencies of the file`
        : `${measured.count.toLocaleString('en-US')} turns in which it was measured`;
      return `${stage}: ${showModelName(name)} in place of ${from.join(', ') || 'itself'}, by ${how}.`;
    });
  }
}

const commitsOf = (turns: readonly TurnCase[]): Commit[] =>
  turns.flatMap(({ schedule: { committed }, transcribed }) =>
    committed === undefined ? [] : [{ committed, transcribed }],
  );
