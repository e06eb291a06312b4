import { createHash } from 'node:crypto';
import {
  type Attributes,
  type Context,
  createTraceState,
  type Link,
  SamplingDecision,
  type SpanKind,
  type TraceState,
  trace,
} from '@opentelemetry/api';
import type { Sampler, SamplingResult } from '@opentelemetry/sdk-trace';
import { ATTR, SPAN } from '../../model/semconv.ts';

const OT = 'ot';
/** The randomness value of the `ot` entry is 56 bits: 14 hexadecimal digits. */
const RV_DIGITS = 14;

/**
 * Sampling never touches rows: the spans of a call that `delegate` drops are still recorded, so that span processors see
 * them, and not marked as sampled, so that exporters leave them out. Every other span is as `delegate` decides.
 *
 * The roots of a call's traces share one randomness value (tracestate `ot=rv:…`, a hash of the call id): consistent
 * probability samplers behind us keep or drop a call whole. https://opentelemetry.io/docs/specs/otel/trace/tracestate-handling/
 */
export class CallSampler implements Sampler {
  readonly #delegate: Sampler;

  constructor(delegate: Sampler) {
    this.#delegate = delegate;
  }

  shouldSample(
    context: Context,
    traceId: string,
    name: string,
    kind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): SamplingResult {
    const result = this.#delegate.shouldSample(context, traceId, name, kind, attributes, links);
    const callId = attributes[ATTR.callId];
    if (typeof callId !== 'string') return result;
    const dropped = result.decision === SamplingDecision.NOT_RECORD;
    const isRoot = (name === SPAN.call || name === SPAN.turn) && trace.getSpan(context) === undefined;
    if (!dropped && !isRoot) return result;
    return {
      ...result,
      decision: dropped ? SamplingDecision.RECORD : result.decision,
      ...(isRoot && { traceState: withRandomness(result.traceState, callId) }),
    };
  }

  toString(): string {
    return `CallSampler{${this.#delegate}}`;
  }
}

/** The first 56 bits of the SHA-256 of the call id, as hexadecimal digits. */
export const randomnessOf = (callId: string): string =>
  createHash('sha256').update(callId).digest('hex').slice(0, RV_DIGITS);

function withRandomness(state: TraceState | undefined, callId: string): TraceState {
  const fields = (state?.get(OT) ?? '').split(';').filter((field) => field !== '');
  if (fields.some((field) => field.startsWith('rv:'))) return state ?? createTraceState();
  return (state ?? createTraceState()).set(OT, [...fields, `rv:${randomnessOf(callId)}`].join(';'));
}
