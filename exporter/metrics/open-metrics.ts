import { metrics } from '@opentelemetry/api';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { ATTR } from '../../model/semconv.ts';
import { vendored } from '../../vendor/opentelemetry.ts';
import { openMetricsText } from './open-metrics-text.ts';
import { prometheusName } from './prometheus-name.ts';

/** A page of metrics, and what it is. */
interface MetricsPage {
  readonly contentType: string;
  readonly body: string;
}

export interface MetricsEndpoint {
  /** The metrics as they are now, in the format that the `accept` header prefers. */
  render(accept: string | undefined): Promise<MetricsPage>;
  shutdown(): Promise<void>;
}

const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8';

/** Registers a meter provider for this process, whose metrics a page shows. */
export function startMetricsEndpoint(): MetricsEndpoint {
  const { PrometheusExporter, PrometheusSerializer }: typeof import('@opentelemetry/exporter-prometheus') =
    vendored('@opentelemetry/exporter-prometheus');
  const { resourceFromAttributes }: typeof import('@opentelemetry/resources') =
    vendored('@opentelemetry/resources');
  const { MeterProvider }: typeof import('@opentelemetry/sdk-metrics') = vendored(
    '@opentelemetry/sdk-metrics',
  );
  const reader = new PrometheusExporter({ preventServerStart: true });
  const resource = resourceFromAttributes({ [ATTR.serviceName]: process.env.OTEL_SERVICE_NAME || 'earshot' });
  const provider = new MeterProvider({ readers: [reader], resource });
  metrics.setGlobalMeterProvider(provider);
  const serializer = new PrometheusSerializer(undefined, false, undefined, false, true);
  return {
    render: async (accept) => {
      const { resourceMetrics } = await reader.collect();
      return accept?.includes('text/plain') === true && !accept.includes('openmetrics')
        ? { contentType: PROMETHEUS, body: `${serializer.serialize(withUnits(resourceMetrics))}\n` }
        : { contentType: OPEN_METRICS, body: openMetricsText(resourceMetrics) };
    },
    shutdown: async () => {
      metrics.disable();
      await provider.shutdown();
    },
  };
}

/** The serializer leaves the units out of the names, where a collector puts them: one metric would have two names. */
const withUnits = ({ resource, scopeMetrics }: ResourceMetrics): ResourceMetrics => ({
  resource,
  scopeMetrics: scopeMetrics.map(({ scope, metrics }) => ({
    scope,
    metrics: metrics.map((metric) => ({
      ...metric,
      descriptor: { ...metric.descriptor, name: prometheusName(metric.descriptor) },
    })),
  })),
});
