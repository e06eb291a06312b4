import { diag } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { vendored } from '../../vendor/opentelemetry.ts';
import { core } from './core.ts';
import { load } from './lazy.ts';
import { exporterNames, otlpPackage, otlpProtocol, positiveNumber } from './otel-env.ts';

interface LogsSdk {
  LoggerProvider: new (options: { resource: Resource; processors: unknown[] }) => LoggerProvider;
  BatchLogRecordProcessor: new (options: Record<string, unknown>) => unknown;
  SimpleLogRecordProcessor: new (options: { exporter: unknown }) => unknown;
  ConsoleLogRecordExporter: new () => unknown;
}

interface LoggerProvider {
  forceFlush(): Promise<void>;
}

interface LogsApi {
  setGlobalLoggerProvider: (provider: LoggerProvider) => LoggerProvider;
  disable(): void;
}

/**
 * Registers a logger provider when `OTEL_LOGS_EXPORTER` names an exporter (`otlp`, `console`). Unlike traces and metrics,
 * logs are off unless asked for: earshot writes none, and an application's logs are its own affair. It gives way to a
 * logger provider that the application registers later.
 */
export function startLogsFromEnv(resource: Resource): LoggerProvider | undefined {
  if (!core().getStringListFromEnv('OTEL_LOGS_EXPORTER')?.length) return undefined;
  const names = exporterNames('LOGS');
  if (names.length === 0) return undefined;
  const sdk = vendored<LogsSdk>('@opentelemetry/sdk-logs');
  const processors = names.flatMap((name) => processor(sdk, name) ?? []);
  if (processors.length === 0) return undefined;
  const provider = new sdk.LoggerProvider({ resource, processors });
  const { logs } = load('@opentelemetry/api-logs') as { logs: LogsApi };
  logs.setGlobalLoggerProvider(provider);
  const register = logs.setGlobalLoggerProvider;
  // The API keeps the first that comes, without a word.
  logs.setGlobalLoggerProvider = (theirs) => {
    logs.setGlobalLoggerProvider = register;
    logs.disable();
    return logs.setGlobalLoggerProvider(theirs);
  };
  return provider;
}

function processor(sdk: LogsSdk, name: string): unknown {
  if (name === 'console')
    return new sdk.SimpleLogRecordProcessor({ exporter: new sdk.ConsoleLogRecordExporter() });
  if (name !== 'otlp') {
    diag.warn(`OTEL_LOGS_EXPORTER: ${JSON.stringify(name)} is not known and ignored.`);
    return undefined;
  }
  const { OTLPLogExporter } = vendored<{ OTLPLogExporter: new () => unknown }>(
    `@opentelemetry/exporter-logs-otlp-${otlpPackage(otlpProtocol('LOGS'))}`,
  );
  return new sdk.BatchLogRecordProcessor({
    exporter: new OTLPLogExporter(),
    maxQueueSize: positiveNumber('OTEL_BLRP_MAX_QUEUE_SIZE'),
    scheduledDelayMillis: positiveNumber('OTEL_BLRP_SCHEDULE_DELAY'),
    exportTimeoutMillis: positiveNumber('OTEL_BLRP_EXPORT_TIMEOUT'),
    maxExportBatchSize: positiveNumber('OTEL_BLRP_MAX_EXPORT_BATCH_SIZE'),
  });
}
