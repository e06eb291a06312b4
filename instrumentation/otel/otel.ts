import {
  type ContextManager,
  context,
  diag,
  metrics,
  propagation,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import type { Resource, ResourceDetector } from '@opentelemetry/resources';
import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import { vendored } from '../../vendor/opentelemetry.ts';
import { giveWay, registered } from './api-globals.ts';
import { otlpEndpoint } from './collector.ts';
import { contextManager } from './context-manager.ts';
import { core } from './core.ts';
import { describeError } from './diagnostics.ts';
import { ForeignContentFilter } from './foreign-content.ts';
import { exporterNames, namesCollector, type Signal } from './otel-env.ts';
import { startLogsFromEnv } from './otel-logs.ts';
import { meterProviderFromEnv } from './otel-metrics.ts';
import { propagatorFromEnv } from './otel-propagation.ts';
import { samplerFromEnv, spanLimitsFromEnv, spanProcessorsFromEnv } from './otel-traces.ts';
import { CallSampler } from './sampler.ts';
import { Succession } from './succession.ts';

const REFUSED =
  'earshot: the application could not register its own OpenTelemetry SDK, because it uses another version of @opentelemetry/api than earshot: its spans are not recorded. Install one version (npm ls @opentelemetry/api), or set EARSHOT_SDK=attach.';

/** What an exit waits for. */
export interface Delivery {
  flush(): Promise<void>;
  /** Where it goes by OTLP; undefined where it does not. */
  readonly endpoint: string | undefined;
}

/** What the SDK exports, until the application brings its own. */
export interface Telemetry {
  readonly spans: Delivery;
  readonly metrics: Delivery;
  readonly logs: Delivery;
}

/**
 * Starts the OpenTelemetry SDK as the standard `OTEL_*` variables say, with `processor` in front of the exporters.
 *
 * It is put together here, because `NodeSDK` takes span processors only *instead of* those of the environment, and
 * loads every exporter there is, which doubles the time to start.
 *
 * What the application registers later takes the place of ours. From then on its exporters get what is new, and ours
 * only what had begun before, so that nothing is exported twice. `handedOver`: its tracer provider is the global one now.
 */
export function startOpenTelemetry(processor: SpanProcessor, handedOver: () => void): Telemetry {
  core().setGlobalErrorHandler((error) =>
    diag.error(
      `an export failed; telemetry is late or lost, the application goes on: ${describeError(error)}`,
    ),
  );
  if (core().getStringFromEnv('OTEL_CONFIG_FILE') !== undefined)
    diag.warn('earshot: OTEL_CONFIG_FILE is not read; OpenTelemetry is configured by its other variables.');
  const contexts = contextManager();
  const hasContexts =
    registered('context') === undefined && context.setGlobalContextManager(contexts.enable());
  const propagator = registered('propagation') === undefined ? propagatorFromEnv() : undefined;
  if (propagator) propagation.setGlobalPropagator(propagator);

  const resource = resourceFromEnv();
  const measureSdk = core().getBooleanFromEnv('OTEL_NODE_EXPERIMENTAL_SDK_METRICS');
  const meterProvider =
    registered('metrics') === undefined ? meterProviderFromEnv(resource, measureSdk) : undefined;
  if (meterProvider) metrics.setGlobalMeterProvider(meterProvider);

  const { TracerProvider }: typeof import('@opentelemetry/sdk-trace') = vendored('@opentelemetry/sdk-trace');
  const selfMeter = measureSdk ? meterProvider : undefined;
  const tracerProvider = new TracerProvider({
    resource,
    sampler: new CallSampler(samplerFromEnv()),
    spanLimits: spanLimitsFromEnv(),
    spanProcessors: [new ForeignContentFilter(), processor, ...spanProcessorsFromEnv(selfMeter)],
    ...(selfMeter && { meterProvider: selfMeter }),
  });
  const succession = new Succession();
  succession.watch(tracerProvider);
  trace.setGlobalTracerProvider(tracerProvider);
  let metricsDone: Promise<void> | undefined;
  giveWay({
    successions: {
      trace: (theirs) => {
        succession.to(theirs as TracerProvider);
        handedOver();
      },
      ...(hasContexts && {
        context: (theirs) => {
          contexts.handOver(theirs as ContextManager);
          return contexts;
        },
      }),
      ...(propagator && { propagation: () => undefined }),
      // What has been counted is exported, and then counted by theirs: two would send the same series.
      ...(meterProvider && {
        metrics: () => {
          metricsDone = meterProvider.shutdown();
          metricsDone.catch(() => {});
        },
      }),
    },
    refused: () => diag.warn(REFUSED),
  });
  const loggerProvider = startLogsFromEnv(resource);
  if (!namesCollector() && exporterNames('TRACES').length === 0)
    diag.info(
      'earshot: spans are not exported, because no OTEL_EXPORTER_OTLP_* is set. (OTEL_TRACES_EXPORTER=otlp exports them to localhost.)',
    );
  return {
    spans: delivery('TRACES', tracerProvider),
    metrics: delivery(
      'METRICS',
      meterProvider && { forceFlush: () => metricsDone ?? meterProvider.forceFlush() },
    ),
    logs: delivery('LOGS', loggerProvider),
  };
}

const delivery = (signal: Signal, provider: { forceFlush(): Promise<void> } | undefined): Delivery => ({
  flush: () => provider?.forceFlush() ?? Promise.resolve(),
  endpoint:
    provider !== undefined && exporterNames(signal).includes('otlp') ? otlpEndpoint(signal) : undefined,
});

/** The resource: defaults, `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, and what the detectors find. */
export function resourceFromEnv(): Resource {
  const resources: typeof import('@opentelemetry/resources') = vendored('@opentelemetry/resources');
  const known: Record<string, ResourceDetector> = {
    env: resources.envDetector,
    host: resources.hostDetector,
    os: resources.osDetector,
    process: resources.processDetector,
    serviceinstance: resources.serviceInstanceIdDetector,
  };
  const names = core().getStringListFromEnv('OTEL_NODE_RESOURCE_DETECTORS') ?? ['env', 'process', 'host'];
  const wanted = names.includes('all') ? Object.keys(known) : names.includes('none') ? [] : names;
  const detectors = wanted.flatMap((name) => {
    const detector = known[name];
    if (!detector)
      diag.warn(`OTEL_NODE_RESOURCE_DETECTORS: ${JSON.stringify(name)} is not known and ignored.`);
    return detector ?? [];
  });
  return resources.defaultResource().merge(resources.detectResources({ detectors }));
}
