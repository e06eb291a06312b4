import { diag, type TracerProvider, trace } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { isReadable, onSpanEnd, startSpansBy } from '../call/spans.ts';
import { registered } from '../otel/api-globals.ts';
import { BesideTracer } from '../otel/beside.ts';
import { resourceFromEnv } from '../otel/otel.ts';
import type { Rows } from './row-writer.ts';

/**
 * Writes rows beside the application's own OpenTelemetry. Its tracer provider takes no more processors, so the rows hear
 * of our spans from us.
 */
export function attach(rows: Rows): void {
  onSpanEnd((span) => {
    if (isReadable(span) && !rows.hasTaken(span)) rows.onEnd(span);
  });
  startSpansBy(new BesideTracer({ rows, resource: () => resourceOf(trace.getTracerProvider()) }, warnOfNone));
}

/** Before the first span that no provider shows. */
function warnOfNone(): void {
  const seen = registered('trace');
  // It was, and gives none where tracing is suppressed.
  if (seen !== undefined && seen === trace.getTracerProvider()) return;
  diag.warn(
    seen === undefined
      ? 'earshot: EARSHOT_SDK is attach and no tracer provider is registered: rows are written, and calls are in no trace.'
      : 'earshot: the tracer provider was registered through another version of @opentelemetry/api than earshot uses: rows are written, and calls are in no trace. Install one version (npm ls @opentelemetry/api).',
  );
}

interface WithResource extends TracerProvider {
  getDelegate?(): WithResource;
  /** OpenTelemetry SDK 2 and later. */
  _resource?: Resource;
  /** OpenTelemetry SDK 1. */
  resource?: Resource;
}

/** The resource of the application's provider, which names its service; where it has none, what the environment says. */
function resourceOf(provider: WithResource): Resource {
  const { _resource, resource } = provider.getDelegate?.() ?? provider;
  const found = _resource ?? resource;
  return found?.attributes ? found : resourceFromEnv();
}
