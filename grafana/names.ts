import { prometheusLabel, prometheusName } from '../exporter/metrics/prometheus-name.ts';
import { ATTR, type Definition, SPAN } from '../model/semconv.ts';

/** What counters and histograms of `METRICS` are called in Prometheus. */
export const counter = (metric: Definition): string => `${prometheusName(metric)}_total`;
export const buckets = (metric: Definition): string => `${prometheusName(metric)}_bucket`;
export const observations = (metric: Definition): string => `${prometheusName(metric)}_count`;
export const gauge = (metric: Definition): string => prometheusName(metric);

/** Labels of metric points, from the attributes that they are made of. */
export const LABEL = {
  service: prometheusLabel(ATTR.serviceName),
  provider: prometheusLabel(ATTR.providerName),
  model: prometheusLabel(ATTR.requestModel),
  stage: prometheusLabel(ATTR.stage),
  outcome: prometheusLabel(ATTR.outcome),
  interruptionKind: prometheusLabel(ATTR.interruptionKind),
  costComponent: prometheusLabel(ATTR.costComponent),
  tokenType: prometheusLabel(ATTR.tokenType),
  incidentPart: prometheusLabel(ATTR.incidentPart),
  dropReason: prometheusLabel(ATTR.dropReason),
  httpRoute: prometheusLabel(ATTR.httpRoute),
  httpStatus: prometheusLabel(ATTR.httpStatusCode),
  spanName: 'span_name',
  statusCode: 'status_code',
} as const;

/** What the collector's `span_metrics` connector makes of spans, with its namespace and in seconds. */
export const SPAN_METRICS = {
  calls: 'traces_span_metrics_calls_total',
  durationBuckets: 'traces_span_metrics_duration_seconds_bucket',
  durationCount: 'traces_span_metrics_duration_seconds_count',
} as const;

/** The span whose length is the EOU latency. */
export const RESPONSE_SPANS = `${LABEL.spanName}="${SPAN.response}"`;

/**
 * What a collector says of itself. Its counters lost their `_total` in one version and may get it back: the queries take
 * both.
 */
export const COLLECTOR = {
  refused: '{__name__=~"otelcol_receiver_refused_spans(_total)?"}',
  sendFailed: '{__name__=~"otelcol_exporter_send_failed_spans(_total)?"}',
  queueSize: 'otelcol_exporter_queue_size',
  queueCapacity: 'otelcol_exporter_queue_capacity',
} as const;
