import { setImmediate } from 'node:timers/promises';
import type { Attributes, Meter } from '@opentelemetry/api';
import { type Definition, METRICS } from '../../model/semconv.ts';
import type { Measurement } from './measure-call.ts';
import { followMeter } from './meter.ts';

/** Seconds. Dense where people notice: a reply after 1.2 s is late. */
export const LATENCY_BUCKETS = [
  0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.2, 1.5, 2, 3, 5, 8, 15, 30,
];
/** Seconds. From a wrong number to an hour. */
const DURATION_BUCKETS = [1, 5, 10, 20, 30, 60, 120, 180, 300, 600, 1_200, 1_800, 3_600];

type Record = (value: number, labels: Attributes) => void;

const instruments = followMeter((meter: Meter) => {
  const counter = ({ name, brief, unit = '' }: Definition): Record => {
    const made = meter.createCounter(name, { description: brief, unit });
    return (value, labels) => made.add(value, labels);
  };
  const histogram = ({ name, brief, unit = '' }: Definition, explicitBucketBoundaries: number[]): Record => {
    const made = meter.createHistogram(name, {
      description: brief,
      unit,
      advice: { explicitBucketBoundaries },
    });
    return (value, labels) => made.record(value, labels);
  };
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
  } satisfies { [Name in Measurement['instrument']]: Record };
});

/** Values that are recorded at a stretch: a millisecond's worth. */
const SLICE = 100;

/**
 * Records a call's results as metrics. To be called when the call got its rows for the first time, by the process that
 * wrote them: metrics cannot be taken back. Up to 100 values are recorded when this returns; of more, the event loop
 * goes on in between.
 */
export async function recordCallMetrics(measurements: readonly Measurement[]): Promise<void> {
  const to = instruments();
  let recorded = 0;
  for (const { instrument, labels, values } of measurements) {
    for (const value of values) {
      if (recorded > 0 && recorded % SLICE === 0) await setImmediate();
      to[instrument](value, labels);
      recorded += 1;
    }
  }
}
