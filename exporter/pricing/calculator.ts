import type { Usage } from '../../model/facts.ts';
import type { CallMetricsRow } from '../../model/rows.ts';
import { CostBreakdown } from './breakdown.ts';
import { Usd } from './money.ts';
import { type Priced, priceListName, priceMinutes, priceStage, type StageUsage } from './price.ts';
import { catalogue, type PriceList } from './price-list.ts';
import type { MinutesComponent, StageComponent } from './units.ts';

/** What a component is billed as. */
export interface BilledAs {
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
  /** Speech-to-text only. (Default: true.) */
  readonly streaming?: boolean | undefined;
}

/** Minutes of a call leg. */
export interface MinutesUsage extends BilledAs {
  readonly durationSeconds?: number | undefined;
}

/** What a whole call used. A list has one element for each request or call leg, because rounding applies to each. */
export interface CallUsage {
  readonly stt?: StageUsage | readonly StageUsage[];
  readonly llm?: StageUsage | readonly StageUsage[];
  readonly tts?: StageUsage | readonly StageUsage[];
  readonly livekit?: MinutesUsage | readonly MinutesUsage[];
  readonly telephony?: MinutesUsage | readonly MinutesUsage[];
  /** Start of the call, whose prices hold; microseconds. (Default: the newest prices.) */
  readonly atUs?: number;
}

/** The columns of `call_metrics` that a cost is computed from. `null` is unknown. */
export type CallQuantities = Partial<
  Pick<
    CallMetricsRow,
    | 'started_at'
    | 'direction'
    | 'duration_seconds'
    | 'turn_count'
    | 'llm_input_tokens'
    | 'llm_cached_tokens'
    | 'llm_output_tokens'
    | 'stt_audio_seconds'
    | 'tts_characters'
    | 'tts_audio_seconds'
  >
>;

/** Options of `CostCalculator`. The components tell what a call of unnamed quantities was billed as. */
export interface CostCalculatorOptions {
  /** (Default: `catalogue()`.) */
  readonly priceList?: PriceList;
  readonly stt?: BilledAs;
  readonly llm?: BilledAs;
  readonly tts?: BilledAs;
  /** Absent: calls are not billed by LiveKit. (Provider default: `livekit`; model default: `connection`.) */
  readonly livekit?: BilledAs;
  /** Absent: calls are not billed by a carrier. (Model default: the call's direction.) */
  readonly telephony?: BilledAs;
}

/** What a minute of conversation uses. */
export interface CostAssumptions {
  /** Requests a minute, of each kind one. (Default: 6.) */
  readonly turnsPerMinute?: number;
  /** Billed audio a turn, silence included where the stream stays open. (Default: 10.) */
  readonly sttSecondsPerTurn?: number;
  /** Cached ones included; the whole conversation so far is sent each time. (Default: 500.) */
  readonly llmInputTokensPerTurn?: number;
  /** (Default: 0.) */
  readonly llmCachedTokensPerTurn?: number;
  /** (Default: 40.) */
  readonly llmOutputTokensPerTurn?: number;
  /** (Default: 120.) */
  readonly ttsCharactersPerTurn?: number;
  /** Audio of those characters, for voices billed by time. (Default: unknown.) */
  readonly ttsSecondsPerTurn?: number;
  /** Where telephony's model is not named. (Default: `inbound`.) */
  readonly direction?: 'inbound' | 'outbound';
  /** Prices in force then; microseconds. (Default: the newest prices.) */
  readonly atUs?: number;
}

const NEWEST = Number.POSITIVE_INFINITY;

/** Works out what calls cost. Pure: the same usage and price list give the same costs. */
export class CostCalculator {
  readonly #options: CostCalculatorOptions;
  readonly #priceList: PriceList;

  constructor(options: CostCalculatorOptions = {}) {
    this.#options = options;
    this.#priceList = options.priceList ?? catalogue();
  }

  /**
   * The cost of a whole call. What a part does not name (provider, model, streaming) is taken from the options.
   *
   * With Deepgram nova-3 (streaming), Groq llama-3.1-8b-instant and Cartesia sonic: 180 s, 4,000 input and 500 output
   * tokens and 900 characters cost 0.0144 + 0.00024 + 0.045 = $0.05964.
   */
  calculate(usage: CallUsage): CostBreakdown {
    const atUs = usage.atUs ?? NEWEST;
    const stages = (component: StageComponent): (Priced | undefined)[] =>
      listOf(usage[component]).map((stage) =>
        priceStage(this.#priceList, { ...this.#billedAs(component), ...present(stage), component, atUs }),
      );
    const minutes = (component: MinutesComponent): (Priced | undefined)[] =>
      listOf(usage[component]).map((leg) =>
        priceMinutes(this.#priceList, { ...this.#billedAs(component), ...present(leg), component, atUs }),
      );
    const parts = {
      stt: stages('stt'),
      llm: stages('llm'),
      tts: stages('tts'),
      livekit: minutes('livekit'),
      telephony: minutes('telephony'),
    };
    return new CostBreakdown(priceListName(this.#priceList, Object.values(parts).flat()), parts);
  }

  /**
   * The cost of a call from its row. A row has totals and neither providers nor models: those of the options are
   * taken, and minimums and rounding apply once to the total. (The costs in the row itself are of each request.)
   *
   * A component that the options name was expected: where the row has no quantity for it, it is unpriced, unless the
   * call had no turn.
   */
  calculateFromMetrics(row: CallQuantities): CostBreakdown {
    const { stt, llm, tts, livekit, telephony } = this.#options;
    const stage = (expected: BilledAs | undefined, usage: Usage): { usage: Usage } | undefined => {
      const used = Object.keys(usage).length > 0;
      return used || (expected && row.turn_count !== 0) ? { usage } : undefined;
    };
    const durationSeconds = row.duration_seconds;
    return this.calculate(
      present({
        stt: stage(stt, present({ audioSeconds: row.stt_audio_seconds })),
        llm: stage(
          llm,
          present({
            inputTokens: row.llm_input_tokens,
            cachedInputTokens: row.llm_cached_tokens,
            outputTokens: row.llm_output_tokens,
          }),
        ),
        tts: stage(tts, present({ characters: row.tts_characters, audioSeconds: row.tts_audio_seconds })),
        livekit: livekit && { durationSeconds },
        telephony: telephony && { model: telephony.model ?? row.direction ?? undefined, durationSeconds },
        atUs: row.started_at,
      }),
    );
  }

  /**
   * The cost of a minute of conversation under assumptions, for planning. Minimums and rounding apply to each turn's
   * requests; minutes of the call are whole.
   *
   * With the defaults and Deepgram nova-3 (streaming), Groq llama-3.1-8b-instant and Cartesia sonic:
   * 0.0048 + 0.0001692 + 0.036 = $0.0409692.
   */
  estimateCostPerMinute(assumptions: CostAssumptions = {}): CostBreakdown {
    const {
      turnsPerMinute = 6,
      sttSecondsPerTurn = 10,
      llmInputTokensPerTurn = 500,
      llmCachedTokensPerTurn = 0,
      llmOutputTokensPerTurn = 40,
      ttsCharactersPerTurn = 120,
      ttsSecondsPerTurn,
      direction = 'inbound',
      atUs = NEWEST,
    } = assumptions;
    const { livekit, telephony } = this.#options;
    const aTurn = (component: StageComponent, usage: Usage): (Priced | undefined)[] => {
      const part = priceStage(this.#priceList, { ...this.#billedAs(component), component, usage, atUs });
      return [part && 'cost' in part ? { ...part, cost: new Usd(turnsPerMinute).times(part.cost) } : part];
    };
    const aMinute = (component: MinutesComponent): (Priced | undefined)[] => {
      const billedAs = {
        ...(component === 'telephony' && { model: direction }),
        ...this.#billedAs(component),
      };
      return [priceMinutes(this.#priceList, { ...billedAs, component, durationSeconds: 60, atUs })];
    };
    const parts = {
      stt: aTurn('stt', { audioSeconds: sttSecondsPerTurn }),
      llm: aTurn('llm', {
        inputTokens: llmInputTokensPerTurn,
        cachedInputTokens: llmCachedTokensPerTurn,
        outputTokens: llmOutputTokensPerTurn,
      }),
      tts: aTurn('tts', present({ characters: ttsCharactersPerTurn, audioSeconds: ttsSecondsPerTurn })),
      ...(livekit && { livekit: aMinute('livekit') }),
      ...(telephony && { telephony: aMinute('telephony') }),
    };
    return new CostBreakdown(priceListName(this.#priceList, Object.values(parts).flat()), parts);
  }

  #billedAs(component: StageComponent | MinutesComponent): BilledAs {
    const fallback: BilledAs = component === 'livekit' ? { provider: 'livekit', model: 'connection' } : {};
    return { ...fallback, ...present(this.#options[component] ?? {}) };
  }
}

const listOf = <T extends object>(parts: T | readonly T[] | undefined): readonly T[] =>
  parts === undefined ? [] : Array.isArray(parts) ? (parts as readonly T[]) : [parts as T];

/** Without the keys that are unknown, so that what is spread over something does not erase it. */
const present = <T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], null | undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== null)) as {
    [K in keyof T]?: Exclude<T[K], null | undefined>;
  };
