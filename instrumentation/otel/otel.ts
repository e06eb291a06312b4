import { type ContextManager, context, diag, metrics, propagation, trace } from '@opentelemetry/api';
import {
  getBooleanFromEnv,
  getStringFromEnv,
  getStringListFromEnv,
  setGlobalErrorHandler,
} from '@opentelemetry/core';
import type { Resource, ResourceDetector } from '@opentelemetry/resources';
import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import { describeError } from './diagnostics.ts';
import { ForeignContentFilter } from './foreign-content.ts';
import { load, part } from './lazy.ts';
import { startLogsFromEnv } from './otel-logs.ts';
import { meterProviderFromEnv } from './otel-metrics.ts';
import { propagatorFromEnv } from './otel-propagation.ts';
import { samplerFromEnv, spanLimitsFromEnv, spanProcessorsFromEnv } from './otel-traces.ts';
import { CallSampler } from './sampler.ts';

/** What an exit waits for. */
export interface Telemetry {
  flushTraces(): Promise<void>;
  flushMetrics(): Promise<void>;
  flushLogs(): Promise<void>;
  /** How long an exit may wait for each, in milliseconds. */
  readonly flushTimeoutMs: number;
}

const FLUSH_TIMEOUT_MS = 5_000;
/** When no one has named a collector and there may be none: a program without one must not end seconds late. */
const UNCONFIGURED_FLUSH_TIMEOUT_MS = 1_000;
const NAMES_A_COLLECTOR = /^OTEL_EXPORTER_OTLP_(\w+_)?ENDPOINT$|^OTEL_TRACES_EXPORTER$/;

/**
 * Starts the OpenTelemetry SDK as the standard `OTEL_*` variables say, with `processor` in front of the exporters.
 *
 * It is put together here, because `NodeSDK` takes span processors only *instead of* those of the environment, and
 * loads every exporter there is, which doubles the time to start.
 */
export function startOpenTelemetry(processor: SpanProcessor): Telemetry {
  setGlobalErrorHandler((error) =>
    diag.error(
      `an export failed; telemetry is late or lost, the application goes on: ${describeError(error)}`,
    ),
  );
  if (getStringFromEnv('OTEL_CONFIG_FILE') !== undefined)
    diag.warn('earshot: OTEL_CONFIG_FILE is not read; OpenTelemetry is configured by its other variables.');
  const { AsyncLocalStorageContextManager } = part<{
    AsyncLocalStorageContextManager: new () => ContextManager;
  }>('@opentelemetry/context-async-hooks');
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const propagator = propagatorFromEnv();
  if (propagator) propagation.setGlobalPropagator(propagator);

  const resource = resourceFromEnv();
  const measureSdk = getBooleanFromEnv('OTEL_NODE_EXPERIMENTAL_SDK_METRICS');
  const meterProvider = meterProviderFromEnv(resource, measureSdk);
  if (meterProvider) metrics.setGlobalMeterProvider(meterProvider);

  const { TracerProvider }: typeof import('@opentelemetry/sdk-trace') = load('@opentelemetry/sdk-trace');
  const selfMeter = measureSdk ? meterProvider : undefined;
  const tracerProvider = new TracerProvider({
    resource,
    sampler: new CallSampler(samplerFromEnv()),
    spanLimits: spanLimitsFromEnv(),
    spanProcessors: [new ForeignContentFilter(), processor, ...spanProcessorsFromEnv(selfMeter)],
    ...(selfMeter && { meterProvider: selfMeter }),
  });
  trace.setGlobalTracerProvider(tracerProvider);
  const loggerProvider = startLogsFromEnv(resource);
  return {
    flushTraces: () => tracerProvider.forceFlush(),
    flushLogs: () => loggerProvider?.forceFlush() ?? Promise.resolve(),
    flushMetrics: () => meterProvider?.forceFlush() ?? Promise.resolve(),
    flushTimeoutMs: Object.keys(process.env).some((key) => NAMES_A_COLLECTOR.test(key))
      ? FLUSH_TIMEOUT_MS
      : UNCONFIGURED_FLUSH_TIMEOUT_MS,
  };
}

/** Default resource, `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, and what the detectors find. */
function resourceFromEnv(): Resource {
  const resources: typeof import('@opentelemetry/resources') = load('@opentelemetry/resources');
  const known: Record<string, ResourceDetector> = {
    env: resources.envDetector,
    host: resources.hostDetector,
    os: resources.osDetector,
    process: resources.processDetector,
    serviceinstance: resources.serviceInstanceIdDetector,
  };
  const names = getStringListFromEnv('OTEL_NODE_RESOURCE_DETECTORS') ?? ['env', 'process', 'host'];
  const wanted = names.includes('all') ? Object.keys(known) : names.includes('none') ? [] : names;
  const detectors = wanted.flatMap((name) => {
    const detector = known[name];
    if (!detector)
      diag.warn(`OTEL_NODE_RESOURCE_DETECTORS: ${JSON.stringify(name)} is not known and ignored.`);
    return detector ?? [];
  });
  return resources.defaultResource().merge(resources.detectResources({ detectors }));
}
