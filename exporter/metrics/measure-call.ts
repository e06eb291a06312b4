import type { Attributes } from '@opentelemetry/api';
import { Decimal } from 'decimal.js';
import type { CallLogRow, CallMetricsRow, CallRows } from '../../model/rows.ts';
import { ATTR } from '../../model/semconv.ts';
import type { InterruptionKind } from '../../model/vocabulary.ts';

/** What a call adds to one instrument under the same labels. Small, and can be sent to another thread. */
export interface Measurement {
  readonly instrument:
    | 'cost'
    | 'duration'
    | 'calls'
    | 'unpriced'
    | 'turns'
    | 'interruptions'
    | 'tokens'
    | 'sttAudio'
    | 'ttsCharacters'
    | 'eouLatency'
    | 'ttfb';
  readonly labels: Attributes;
  readonly values: Float64Array;
}

const COMPONENTS = ['stt', 'llm', 'tts'] as const;
type Component = (typeof COMPONENTS)[number];

/** Values, sorted by instrument and labels. */
class Measured {
  readonly #all = new Map<string, Pick<Measurement, 'instrument' | 'labels'> & { values: number[] }>();

  add(instrument: Measurement['instrument'], value: number, labels: Attributes = {}): void {
    const key = JSON.stringify([instrument, labels]);
    const known = this.#all.get(key);
    if (known === undefined) this.#all.set(key, { instrument, labels, values: [value] });
    else known.values.push(value);
  }

  measurements(): Measurement[] {
    return [...this.#all.values()].map((each) => ({ ...each, values: Float64Array.from(each.values) }));
  }
}

/** A call's results as metrics have them. Labels are closed sets or names of models, never ids. */
export function measureCall({ metrics, logs }: CallRows): Measurement[] {
  const to = new Measured();
  const models = new Models();
  const quantities = quantitiesOf(to, metrics);
  const kinds = new Map<InterruptionKind, number>();
  for (const row of logs) {
    measureTurn(to, row, models);
    for (const quantity of quantities) quantity.add(row, models);
    const kind = row.interruption_kind;
    if (kind !== null) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  to.add('calls', 1, present({ [ATTR.outcome]: metrics.outcome }));
  for (const what of metrics.unpriced) to.add('unpriced', 1, unpricedLabels(what));
  to.add('duration', metrics.duration_seconds);
  to.add('turns', metrics.turn_count);
  // A turn's row has one kind; of these two the call knows the exact number.
  kinds.set('barge_in', metrics.interruption_count ?? 0);
  kinds.set('false_interruption', metrics.false_interruption_count ?? 0);
  for (const [kind, count] of kinds) {
    if (count > 0) to.add('interruptions', count, { [ATTR.interruptionKind]: kind });
  }
  for (const quantity of quantities) quantity.record();
  for (const component of ['livekit', 'telephony'] as const) {
    const usd = metrics[`cost_${component}`];
    if (usd !== null) to.add('cost', usd.toNumber(), { [ATTR.costComponent]: component });
  }
  return to.measurements();
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

/** What a call has used and paid, to be split over the models of its turns. */
function quantitiesOf(to: Measured, metrics: CallMetricsRow): readonly ModelSplit[] {
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
        (usd, labels) => to.add('cost', usd, { [ATTR.costComponent]: component, ...labels }),
      );
    }),
    ...Object.entries(tokens).map(
      ([type, read]) =>
        new ModelSplit('llm', read, read(metrics), (count, labels) =>
          to.add('tokens', count, { [ATTR.tokenType]: type, ...labels }),
        ),
    ),
    new ModelSplit(
      'stt',
      (row) => row.stt_audio_seconds,
      metrics.stt_audio_seconds,
      (seconds, labels) => to.add('sttAudio', seconds, labels),
    ),
    new ModelSplit(
      'tts',
      (row) => row.tts_characters,
      metrics.tts_characters,
      (characters, labels) => to.add('ttsCharacters', characters, labels),
    ),
  ];
}

type TokenColumns = Pick<CallLogRow, 'llm_input_tokens' | 'llm_cached_tokens' | 'llm_output_tokens'>;

function measureTurn(to: Measured, row: CallLogRow, models: Models): void {
  if (row.eou_latency !== null) {
    to.add('eouLatency', row.eou_latency, present({ [ATTR.eouSource]: row.eou_source }));
  }
  for (const stage of COMPONENTS) {
    const seconds = row[`ttfb_${stage}`];
    if (seconds !== null) to.add('ttfb', seconds, models.of(row, stage).ofStage);
  }
}

/** What a turn's row names as a component's model, as labels. */
interface Model {
  readonly provider: string | null;
  readonly model: string | null;
  readonly labels: Attributes;
  /** With the component as the stage. */
  readonly ofStage: Attributes;
  /** The labels as text. */
  readonly key: string;
}

/** The models of a call's turns. Most turns have the one of the turn before: labels are made where it is another. */
class Models {
  readonly #last: Partial<Record<Component, Model>> = {};

  of(row: CallLogRow, component: Component): Model {
    const [provider, model] = [row[`${component}_provider`], row[`${component}_model`]];
    const last = this.#last[component];
    if (last !== undefined && last.provider === provider && last.model === model) return last;
    const labels = present({ [ATTR.providerName]: provider, [ATTR.requestModel]: model });
    const ofStage = { [ATTR.stage]: component, ...labels };
    const made = { provider, model, labels, ofStage, key: JSON.stringify(labels) };
    this.#last[component] = made;
    return made;
  }
}

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
  /** Null: the call has none. */
  readonly #ofCall: Quantity;

  constructor(
    component: Component,
    ofTurn: (row: CallLogRow) => Quantity,
    ofCall: Quantity,
    record: (amount: number, labels: Attributes) => void,
  ) {
    this.#component = component;
    this.#ofTurn = ofTurn;
    this.#record = record;
    this.#ofCall = ofCall;
  }

  add(row: CallLogRow, models: Models): void {
    if (this.#ofCall === null) return;
    const { key, labels } = models.of(row, this.#component);
    if (key !== '{}') this.#models.set(key, labels);
    const amount = this.#ofTurn(row);
    if (amount !== null) this.#addPart(key, labels, amount);
  }

  record(): void {
    if (this.#ofCall === null) return;
    let rest = new Decimal(this.#ofCall);
    for (const { amount } of this.#parts.values()) rest = rest.minus(amount);
    const [only, ...others] = this.#models.values();
    if (rest.greaterThan(0)) {
      const labels = only !== undefined && others.length === 0 ? only : {};
      this.#addPart(JSON.stringify(labels), labels, rest);
    }
    for (const { labels, amount } of this.#parts.values()) {
      if (amount.greaterThan(0)) this.#record(amount.toNumber(), labels);
    }
  }

  #addPart(key: string, labels: Attributes, amount: Decimal | number): void {
    const known = this.#parts.get(key);
    if (known === undefined) this.#parts.set(key, { labels, amount: new Decimal(amount) });
    else known.amount = known.amount.plus(amount);
  }
}

/** Unknown is absent, in labels too. */
const present = (labels: Record<string, string | null>): Attributes =>
  Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== null)) as Attributes;
