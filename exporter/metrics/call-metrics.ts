import type { Attributes, Meter } from '@opentelemetry/api';
import { Decimal } from 'decimal.js';
import type { CallLogRow, CallRows } from '../../model/rows.ts';
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

/**
 * Records a call's results as metrics. To be called when the call got its rows for the first time, by the process that
 * wrote them: metrics cannot be taken back. Labels are closed sets or names of models, never ids.
 */
export function recordCallMetrics({ metrics, logs }: CallRows): void {
  const to = instruments();
  to.calls.add(1, present({ [ATTR.outcome]: metrics.outcome }));
  for (const what of metrics.unpriced) to.unpriced.add(1, unpricedLabels(what));
  to.duration.record(metrics.duration_seconds);
  to.turns.add(metrics.turn_count);
  for (const [kind, count] of interruptionsByKind({ metrics, logs })) {
    to.interruptions.add(count, { [ATTR.interruptionKind]: kind });
  }
  for (const component of COMPONENTS) {
    const cost = `cost_${component}` as const;
    for (const [labels, usd] of byModel(logs, component, (row) => row[cost], metrics[cost])) {
      to.cost.add(usd, { [ATTR.costComponent]: component, ...labels });
    }
  }
  for (const component of ['livekit', 'telephony'] as const) {
    const usd = metrics[`cost_${component}`];
    if (usd !== null) to.cost.add(usd.toNumber(), { [ATTR.costComponent]: component });
  }
  recordUsage(to, { metrics, logs });
  for (const row of logs) recordTurn(to, row);
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

function recordUsage(to: Instruments, { metrics, logs }: CallRows): void {
  // Apart, so that the types add up to all tokens: the rows' input has the cached ones in it.
  const cached = (row: TokenColumns) => row.llm_cached_tokens;
  const uncached = (row: TokenColumns) =>
    row.llm_input_tokens === null ? null : Math.max(0, row.llm_input_tokens - (row.llm_cached_tokens ?? 0));
  const output = (row: TokenColumns) => row.llm_output_tokens;
  for (const [type, read] of [
    ['input', uncached],
    ['cached_input', cached],
    ['output', output],
  ] as const) {
    for (const [labels, tokens] of byModel(logs, 'llm', read, read(metrics))) {
      to.tokens.add(tokens, { [ATTR.tokenType]: type, ...labels });
    }
  }
  for (const [labels, seconds] of byModel(
    logs,
    'stt',
    (row) => row.stt_audio_seconds,
    metrics.stt_audio_seconds,
  )) {
    to.sttAudio.add(seconds, labels);
  }
  for (const [labels, characters] of byModel(
    logs,
    'tts',
    (row) => row.tts_characters,
    metrics.tts_characters,
  )) {
    to.ttsCharacters.add(characters, labels);
  }
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

/**
 * Splits a call's quantity over the models of its turns. The parts add up to the call's own figure: what no turn has
 * (a stage outside of any) goes to the call's only model, and without labels when it has several.
 */
function byModel(
  logs: readonly CallLogRow[],
  component: Component,
  ofTurn: (row: CallLogRow) => Decimal | number | null,
  ofCall: Decimal | number | null,
): (readonly [Attributes, number])[] {
  if (ofCall === null) return [];
  const parts = new Map<string, { labels: Attributes; amount: Decimal }>();
  const add = (labels: Attributes, amount: Decimal) => {
    const key = JSON.stringify(labels);
    const known = parts.get(key);
    parts.set(key, { labels, amount: known === undefined ? amount : known.amount.plus(amount) });
  };
  let rest = new Decimal(ofCall);
  for (const row of logs) {
    const amount = ofTurn(row);
    if (amount === null) continue;
    add(modelOf(row, component), new Decimal(amount));
    rest = rest.minus(amount);
  }
  const models = new Map(
    logs.map((row) => [JSON.stringify(modelOf(row, component)), modelOf(row, component)]),
  );
  models.delete('{}');
  const [only, ...others] = models.values();
  if (rest.isPositive() && !rest.isZero()) add(only !== undefined && others.length === 0 ? only : {}, rest);
  return [...parts.values()]
    .filter(({ amount }) => amount.greaterThan(0))
    .map(({ labels, amount }) => [labels, amount.toNumber()] as const);
}

function interruptionsByKind({ metrics, logs }: CallRows): Map<InterruptionKind, number> {
  const counts = new Map<InterruptionKind, number>();
  for (const { interruption_kind: kind } of logs) {
    if (kind !== null) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  // A turn's row has one kind; of these two the call knows the exact number.
  counts.set('barge_in', metrics.interruption_count ?? 0);
  counts.set('false_interruption', metrics.false_interruption_count ?? 0);
  for (const [kind, count] of counts) if (count === 0) counts.delete(kind);
  return counts;
}

/** Unknown is absent, in labels too. */
const present = (labels: Record<string, string | null>): Attributes =>
  Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== null)) as Attributes;
