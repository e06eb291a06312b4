import { diag, type MeterProvider } from '@opentelemetry/api';
import type {
  BatchSpanProcessorOptions,
  Sampler,
  SpanExporter,
  SpanLimits,
  SpanProcessor,
} from '@opentelemetry/sdk-trace';
import { vendored } from '../../vendor/opentelemetry.ts';
import { core } from './core.ts';
import { exporterNames, otlpPackage, otlpProtocol, positiveNumber } from './otel-env.ts';

type Sdk = typeof import('@opentelemetry/sdk-trace');
const sdk = (): Sdk => vendored('@opentelemetry/sdk-trace');

/** `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`. (Default: `parentbased_always_on`.) */
export function samplerFromEnv(): Sampler {
  const { AlwaysOffSampler, AlwaysOnSampler, ParentBasedSampler, TraceIdRatioBasedSampler } = sdk();
  const name = core().getStringFromEnv('OTEL_TRACES_SAMPLER')?.trim();
  const root = (): Sampler | undefined => {
    switch (name?.replace(/^parentbased_/, '')) {
      case 'always_on':
        return new AlwaysOnSampler();
      case 'always_off':
        return new AlwaysOffSampler();
      case 'traceidratio':
        return new TraceIdRatioBasedSampler(samplerRatio());
      default:
        return undefined;
    }
  };
  const sampler = root();
  if (sampler && !name?.startsWith('parentbased_')) return sampler;
  if (name !== undefined && sampler === undefined)
    diag.warn(`OTEL_TRACES_SAMPLER: ${JSON.stringify(name)} is not known. Using "parentbased_always_on".`);
  return new ParentBasedSampler({ root: sampler ?? new AlwaysOnSampler() });
}

function samplerRatio(): number {
  const ratio = core().getNumberFromEnv('OTEL_TRACES_SAMPLER_ARG');
  if (ratio !== undefined && ratio >= 0 && ratio <= 1) return ratio;
  diag.warn('OTEL_TRACES_SAMPLER_ARG: expected a number from 0 to 1. Using 1.');
  return 1;
}

/** The span limits, of which the general ones are the fallback. */
export function spanLimitsFromEnv(): SpanLimits {
  const limits: Record<keyof SpanLimits, number | undefined> = {
    attributeCountLimit:
      core().getNumberFromEnv('OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT') ??
      core().getNumberFromEnv('OTEL_ATTRIBUTE_COUNT_LIMIT'),
    attributeValueLengthLimit:
      core().getNumberFromEnv('OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT') ??
      core().getNumberFromEnv('OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT'),
    eventCountLimit: core().getNumberFromEnv('OTEL_SPAN_EVENT_COUNT_LIMIT'),
    linkCountLimit: core().getNumberFromEnv('OTEL_SPAN_LINK_COUNT_LIMIT'),
    attributePerEventCountLimit:
      core().getNumberFromEnv('OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT') ??
      core().getNumberFromEnv('OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT'),
    attributePerLinkCountLimit:
      core().getNumberFromEnv('OTEL_LINK_ATTRIBUTE_COUNT_LIMIT') ??
      core().getNumberFromEnv('OTEL_SPAN_ATTRIBUTE_PER_LINK_COUNT_LIMIT'),
  };
  return Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined));
}

/** One processor for each exporter in `OTEL_TRACES_EXPORTER`: `otlp`, `console`, `zipkin`, `none`. */
export function spanProcessorsFromEnv(selfObsMeterProvider: MeterProvider | undefined): SpanProcessor[] {
  return exporterNames('TRACES').flatMap((name): SpanProcessor[] => {
    switch (name) {
      case 'otlp':
        return [batch(otlpExporter(), selfObsMeterProvider)];
      case 'zipkin': {
        const { ZipkinExporter } = vendored<{ ZipkinExporter: new () => SpanExporter }>(
          '@opentelemetry/exporter-zipkin',
        );
        return [batch(new ZipkinExporter(), selfObsMeterProvider)];
      }
      case 'console': {
        const { ConsoleSpanExporter, SimpleSpanProcessor } = sdk();
        return [new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() })];
      }
      default:
        diag.warn(`OTEL_TRACES_EXPORTER: ${JSON.stringify(name)} is not known and ignored.`);
        return [];
    }
  });
}

/** The exporter packages of the three protocols export the same. */
type OtlpExporters = typeof import('@opentelemetry/exporter-trace-otlp-http');

function otlpExporter(): SpanExporter {
  const { OTLPTraceExporter } = vendored<OtlpExporters>(
    `@opentelemetry/exporter-trace-otlp-${otlpPackage(otlpProtocol('TRACES'))}`,
  );
  return new OTLPTraceExporter();
}

function batch(exporter: SpanExporter, selfObsMeterProvider: MeterProvider | undefined): SpanProcessor {
  const { BatchSpanProcessor } = sdk();
  const maxQueueSize = positiveNumber('OTEL_BSP_MAX_QUEUE_SIZE');
  const scheduledDelayMillis = positiveNumber('OTEL_BSP_SCHEDULE_DELAY');
  const exportTimeoutMillis = positiveNumber('OTEL_BSP_EXPORT_TIMEOUT');
  const maxExportBatchSize = positiveNumber('OTEL_BSP_MAX_EXPORT_BATCH_SIZE');
  return new BatchSpanProcessor({
    exporter,
    ...(selfObsMeterProvider && { selfObsMeterProvider }),
    ...(maxQueueSize !== undefined && { maxQueueSize }),
    ...(scheduledDelayMillis !== undefined && { scheduledDelayMillis }),
    ...(exportTimeoutMillis !== undefined && { exportTimeoutMillis }),
    ...(maxExportBatchSize !== undefined && { maxExportBatchSize }),
  } satisfies BatchSpanProcessorOptions);
}
