import { setImmediate } from 'node:timers/promises';
import type { Attributes, Meter } from '@opentelemetry/api';
import { Decimal } from 'decimal.js';
import type { CallLogRow, CallMetricsRow, CallRows } from '../../model/rows.ts';
import { ATTR, type Definition, METRICS } from '../../model/semconv.ts';
import type { InterruptionKind } from '../../model/vocabulary.ts';
import { followMeter } from './meter.ts';

/** Seconds. Dense where people notice: a reply after 1.2 s is late. */
const LATENCY_BUCKETS = [0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.2, 1.5, 2, 3, 5, 8, 15, 30];
/** Seconds. From a wrong number to an hour. */
const DURATION_BUCKETS = [1, 5, 10, 20, 30, 60, 120, 180, 300, 600, 1_200, 1_800, 3_600];

const COMPONENTS = ['stt', 'llm', 'tts'] as const;
type Component = (typeof COMPONENTS)[number];

const instruments = followMeter((meter: Meter) => {
  const counter = ({ name, brief, unit = '' }: Definition) =>
    meter.createCounter(name, { description: brief, unit });
  const histogram = ({ name, brief, unit = '' }: Definition, explicitBucketBoundaries: number[]) =>
    meter.createHistogram(name, { description: brief, unit, advice: { explicitBucketBoundaries } });
  return {
    cost: counter(METRICS.callCost),
    duration: histogram(METRICS.callDuration, DURATION_BUCKETS),
    calls: counter(METRICS.calls),
    unpriced: counter(METRICS.unpricedCalls),
    turns: counter(METRICS.turns),
    interruptions: counter(METRICS.interruptions),
    tokens: counter(METRICS.usageTokens),
    sttAudio: counter(METRICS.usageSttAudio),
    ttsCharacters: counter(METRICS.usageTtsCharacters),
    eouLatency: histogram(METRICS.eouLatency, LATENCY_BUCKETS),
    ttfb: histogram(METRICS.ttfb, LATENCY_BUCKETS),
  };
});

/** Turns that are recorded at a stretch: a millisecond's worth. */
const SLICE = 50;

/**
 * Records a call's results as metrics. To be called when the call got its rows for the first time, by the process that
 * wrote them: metrics cannot be taken back. Labels are closed sets or names of models, never ids. A call of up to 50 turns
 * is recorded when this returns; a larger one lets the event loop go on in between.
 */
export async function recordCallMetrics({ metrics, logs }: CallRows): Promise<void> {
  const to = instruments();
  const quantities = quantitiesOf(to, metrics);
  const kinds = new Map<InterruptionKind, number>();
  for (const [index, row] of logs.entries()) {
    if (index > 0 && index % SLICE === 0) await setImmediate();
    recordTurn(to, row);
    for (const quantity of quantities) quantity.add(row);
    const kind = row.interruption_kind;
    if (kind !== null) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  to.calls.add(1, present({ [ATTR.outcome]: metrics.outcome }));
  for (const what of metrics.unpriced) to.unpriced.add(1, unpricedLabels(what));
  to.duration.record(metrics.duration_seconds);
  to.turns.add(metrics.turn_count);
  // A turn's row has one kind; of these two the call knows the exact number.
  kinds.set('barge_in', metrics.interruption_count ?? 0);
  kinds.set('false_interruption', metrics.false_interruption_count ?? 0);
  for (const [kind, count] of kinds) {
    if (count > 0) to.interruptions.add(count, { [ATTR.interruptionKind]: kind });
  }
  for (const quantity of quantities) quantity.record();
  for (const component of ['livekit', 'telephony'] as const) {
    const usd = metrics[`cost_${component}`];
    if (usd !== null) to.cost.add(usd.toNumber(), { [ATTR.costComponent]: component });
  }
}

/** Of `component:provider/model`, or `component:unknown`, as the row has it. */
function unpricedLabels(what: string): Attributes {
  const [, component = what, provider = '', model = ''] = /^(\w+):([^/]*)(?:\/(.*))?$/.exec(what) ?? [];
  const known = (name: string) => (name === '' || name === 'unknown' ? null : name);
  return present({
    [ATTR.costComponent]: component,
    [ATTR.providerName]: known(provider),
    [ATTR.requestModel]: known(model),
  });
}

type Instruments = ReturnType<typeof instruments>;

/** What a call has used and paid, to be split over the models of its turns. */
function quantitiesOf(to: Instruments, metrics: CallMetricsRow): readonly ModelSplit[] {
  // Apart, so that the types add up to all tokens: the rows' input has the cached ones in it.
  const tokens = {
    input: (row: TokenColumns) =>
      row.llm_input_tokens === null ? null : Math.max(0, row.llm_input_tokens - (row.llm_cached_tokens ?? 0)),
    cached_input: (row: TokenColumns) => row.llm_cached_tokens,
    output: (row: TokenColumns) => row.llm_output_tokens,
  };
  return [
    ...COMPONENTS.map((component) => {
      const cost = `cost_${component}` as const;
      return new ModelSplit(
        component,
        (row) => row[cost],
        metrics[cost],
        (usd, labels) => to.cost.add(usd, { [ATTR.costComponent]: component, ...labels }),
      );
    }),
    ...Object.entries(tokens).map(
      ([type, read]) =>
        new ModelSplit('llm', read, read(metrics), (count, labels) =>
          to.tokens.add(count, { [ATTR.tokenType]: type, ...labels }),
        ),
    ),
    new ModelSplit(
      'stt',
      (row) => row.stt_audio_seconds,
      metrics.stt_audio_seconds,
      (seconds, labels) => to.sttAudio.add(seconds, labels),
    ),
    new ModelSplit(
      'tts',
      (row) => row.tts_characters,
      metrics.tts_characters,
      (characters, labels) => to.ttsCharacters.add(characters, labels),
    ),
  ];
}

type TokenColumns = Pick<CallLogRow, 'llm_input_tokens' | 'llm_cached_tokens' | 'llm_output_tokens'>;

function recordTurn(to: Instruments, row: CallLogRow): void {
  if (row.eou_latency !== null) {
    to.eouLatency.record(row.eou_latency, present({ [ATTR.eouSource]: row.eou_source }));
  }
  for (const stage of COMPONENTS) {
    const seconds = row[`ttfb_${stage}`];
    if (seconds !== null) to.ttfb.record(seconds, { [ATTR.stage]: stage, ...modelOf(row, stage) });
  }
}

const modelOf = (row: CallLogRow, component: Component): Attributes =>
  present({
    [ATTR.providerName]: row[`${component}_provider`],
    [ATTR.requestModel]: row[`${component}_model`],
  });

type Quantity = Decimal | number | null;

/**
 * Splits a call's quantity over the models of its turns. The parts add up to the call's own figure: what no turn has
 * (a stage outside of any) goes to the call's only model, and without labels when it has several.
 */
class ModelSplit {
  readonly #component: Component;
  readonly #ofTurn: (row: CallLogRow) => Quantity;
  readonly #record: (amount: number, labels: Attributes) => void;
  readonly #parts = new Map<string, { labels: Attributes; amount: Decimal }>();
  readonly #models = new Map<string, Attributes>();
  /** Undefined: the call has none. */
  #rest: Decimal | undefined;

  constructor(
    component: Component,
    ofTurn: (row: CallLogRow) => Quantity,
    ofCall: Quantity,
    record: (amount: number, labels: Attributes) => void,
  ) {
    this.#component = component;
    this.#ofTurn = ofTurn;
    this.#record = record;
    this.#rest = ofCall === null ? undefined : new Decimal(ofCall);
  }

  add(row: CallLogRow): void {
    if (this.#rest === undefined) return;
    const labels = modelOf(row, this.#component);
    const key = JSON.stringify(labels);
    if (key !== '{}') this.#models.set(key, labels);
    const amount = this.#ofTurn(row);
    if (amount === null) return;
    this.#addPart(key, labels, new Decimal(amount));
    this.#rest = this.#rest.minus(amount);
  }

  record(): void {
    const [only, ...others] = this.#models.values();
    if (this.#rest?.greaterThan(0)) {
      const labels = only !== undefined && others.length === 0 ? only : {};
      this.#addPart(JSON.stringify(labels), labels, this.#rest);
    }
    for (const { labels, amount } of this.#parts.values()) {
      if (amount.greaterThan(0)) this.#record(amount.toNumber(), labels);
    }
  }

  #addPart(key: string, labels: Attributes, amount: Decimal): void {
    const known = this.#parts.get(key);
    this.#parts.set(key, { labels, amount: known === undefined ? amount : known.amount.plus(amount) });
  }
}

/** Unknown is absent, in labels too. */
const present = (labels: Record<string, string | null>): Attributes =>
  Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== null)) as Attributes;
