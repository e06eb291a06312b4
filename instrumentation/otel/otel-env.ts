import { diag } from '@opentelemetry/api';
import { core } from './core.ts';

/** What OpenTelemetry exports, as its variables name it. */
export type Signal = 'TRACES' | 'METRICS' | 'LOGS';

/** Whether a variable says anything of a collector. Otherwise there is probably none, and nothing is sent to its usual port. */
export const namesCollector = (env: NodeJS.ProcessEnv = process.env): boolean =>
  Object.entries(env).some(([key, value]) => key.startsWith('OTEL_EXPORTER_OTLP_') && value?.trim());

/**
 * The exporters that `OTEL_{SIGNAL}_EXPORTER` names, each once. (Default: `otlp` where a variable says anything of a
 * collector, else none.) `none` means no exporter.
 */
export function exporterNames(signal: Signal): string[] {
  const names = [...new Set(core().getStringListFromEnv(`OTEL_${signal}_EXPORTER`) ?? [])];
  if (names.length === 0 && namesCollector()) names.push('otlp');
  return names.includes('none') ? [] : names.filter((name) => name !== 'otlp' || !isWatched(signal));
}

/** `earshot watch` is the collector, and has the spans already: what makes rows sends them there by itself. */
function isWatched(signal: Signal): boolean {
  const watchUrl = core().getStringFromEnv('EARSHOT_WATCH_URL');
  const endpoint =
    core().getStringFromEnv(`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`) ??
    core().getStringFromEnv('OTEL_EXPORTER_OTLP_ENDPOINT');
  return watchUrl !== undefined && endpoint?.startsWith(watchUrl) === true;
}

export type OtlpProtocol = 'grpc' | 'http/json' | 'http/protobuf';

/** `OTEL_EXPORTER_OTLP_{SIGNAL}_PROTOCOL`, else `OTEL_EXPORTER_OTLP_PROTOCOL`. (Default: `http/protobuf`.) */
export function otlpProtocol(signal: Signal): OtlpProtocol {
  const protocol =
    core().getStringFromEnv(`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`)?.trim() ??
    core().getStringFromEnv('OTEL_EXPORTER_OTLP_PROTOCOL')?.trim();
  switch (protocol) {
    case 'grpc':
    case 'http/json':
    case 'http/protobuf':
      return protocol;
    case undefined:
      return 'http/protobuf';
    default:
      diag.warn(
        `OTEL_EXPORTER_OTLP_PROTOCOL: ${JSON.stringify(protocol)} is not known. Using "http/protobuf".`,
      );
      return 'http/protobuf';
  }
}

/** The ending of the OTLP exporter package for a protocol. */
export const otlpPackage = (protocol: OtlpProtocol): string =>
  ({ grpc: 'grpc', 'http/json': 'http', 'http/protobuf': 'proto' })[protocol];

/** A number above 0; anything else is reported and counts as unset. */
export function positiveNumber(key: string): number | undefined {
  const value = core().getNumberFromEnv(key);
  if (value === undefined || value > 0) return value;
  diag.warn(`${key}: saw ${value}, expected a number above 0. Using the default.`);
  return undefined;
}
