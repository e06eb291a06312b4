import type { BatchObservableCallback } from '@opentelemetry/api';
import { ATTR, type Definition, METRICS } from '../../model/semconv.ts';
import { followMeter } from '../metrics/meter.ts';

/** Seconds: the buckets of OpenTelemetry's convention for HTTP servers. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'CONNECT', 'TRACE']);

/** What the receiver answers and has under way. What becomes of the spans is in `PipelineMetrics`. */
export class ReceiverMetrics {
  readonly #inFlightBytes: () => number;
  readonly #instruments = followMeter(
    (meter) => {
      const options = ({ brief, unit = '' }: Definition) => ({ description: brief, unit });
      const counter = (definition: Definition) => meter.createCounter(definition.name, options(definition));
      const inFlight = meter.createObservableGauge(
        METRICS.receiverInFlight.name,
        options(METRICS.receiverInFlight),
      );
      const observe: BatchObservableCallback = (result) => result.observe(inFlight, this.#inFlightBytes());
      meter.addBatchObservableCallback(observe, [inFlight]);
      return {
        duration: meter.createHistogram(METRICS.httpServerDuration.name, {
          ...options(METRICS.httpServerDuration),
          advice: { explicitBucketBoundaries: DURATION_BUCKETS },
        }),
        ignored: counter(METRICS.spansIgnored),
        limited: counter(METRICS.attributesLimited),
        accepted: counter(METRICS.senderSpans),
        stopObserving: () => meter.removeBatchObservableCallback(observe, [inFlight]),
      };
    },
    ({ stopObserving }) => stopObserving(),
  );

  constructor(inFlightBytes: () => number) {
    this.#inFlightBytes = inFlightBytes;
  }

  /** `route` is one of the receiver's own; undefined for any other path, which must not become a label. */
  answered(method: string, route: string | undefined, status: number, seconds: number): void {
    this.#instruments().duration.record(seconds, {
      [ATTR.httpMethod]: METHODS.has(method) ? method : '_OTHER',
      ...(route !== undefined && { [ATTR.httpRoute]: route }),
      [ATTR.httpStatusCode]: status,
    });
  }

  /** `sender` is the name of a token; spans of a sender without one are in the pipeline's own count alone. */
  accepted(spans: number, sender: string | undefined): void {
    if (spans > 0 && sender !== undefined)
      this.#instruments().accepted.add(spans, { [ATTR.senderName]: sender });
  }

  ignored(spans: number): void {
    if (spans > 0) this.#instruments().ignored.add(spans);
  }

  limited(attributes: number): void {
    if (attributes > 0) this.#instruments().limited.add(attributes);
  }

  shutdown(): void {
    this.#instruments().stopObserving();
  }
}
