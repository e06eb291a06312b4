import { diag } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { IMetricReader, MeterProvider, PushMetricExporter } from '@opentelemetry/sdk-metrics';
import { vendored } from '../../vendor/opentelemetry.ts';
import { exporterNames, otlpPackage, otlpProtocol, positiveNumber } from './otel-env.ts';

const EXPORT_INTERVAL_MS = 60_000;
const EXPORT_TIMEOUT_MS = 30_000;

type Sdk = typeof import('@opentelemetry/sdk-metrics');
const sdk = (): Sdk => vendored('@opentelemetry/sdk-metrics');

/**
 * The meter provider that the environment asks for; undefined without an exporter. Exporters: `otlp`, `console`,
 * `prometheus`.
 */
export function meterProviderFromEnv(
  resource: Resource,
  sdkMetricsEnabled: boolean,
): MeterProvider | undefined {
  const readers = exporterNames('METRICS').flatMap((name): IMetricReader[] => {
    switch (name) {
      case 'otlp':
        return [periodic(otlpExporter())];
      case 'console':
        return [periodic(new (sdk().ConsoleMetricExporter)())];
      case 'prometheus': {
        const { PrometheusExporter } = vendored<{ PrometheusExporter: new () => IMetricReader }>(
          '@opentelemetry/exporter-prometheus',
        );
        return [new PrometheusExporter()];
      }
      default:
        diag.warn(`OTEL_METRICS_EXPORTER: ${JSON.stringify(name)} is not known and ignored.`);
        return [];
    }
  });
  if (readers.length === 0) return undefined;
  return new (sdk().MeterProvider)({ resource, readers, sdkMetricsEnabled });
}

function periodic(exporter: PushMetricExporter): IMetricReader {
  const exportIntervalMillis = positiveNumber('OTEL_METRIC_EXPORT_INTERVAL') ?? EXPORT_INTERVAL_MS;
  const timeout = positiveNumber('OTEL_METRIC_EXPORT_TIMEOUT') ?? EXPORT_TIMEOUT_MS;
  // The reader refuses a timeout longer than the interval.
  const exportTimeoutMillis = Math.min(timeout, exportIntervalMillis);
  return new (sdk().PeriodicExportingMetricReader)({ exporter, exportIntervalMillis, exportTimeoutMillis });
}

function otlpExporter(): PushMetricExporter {
  const { OTLPMetricExporter } = vendored<{ OTLPMetricExporter: new () => PushMetricExporter }>(
    `@opentelemetry/exporter-metrics-otlp-${otlpPackage(otlpProtocol('METRICS'))}`,
  );
  return new OTLPMetricExporter();
}
