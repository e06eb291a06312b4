import { diag, ProxyTracerProvider, trace } from '@opentelemetry/api';
import { readSettings } from '../../model/settings.ts';
import type { FinishedSpan } from '../../model/span-record.ts';
import { loadAnalysis } from '../call/analysis.ts';
import { setParameterTags } from '../call/call-tags.ts';
import { setCaptureContent } from '../call/content.ts';
import { onSpanEnd } from '../call/spans.ts';
import { startDiagnostics } from '../otel/diagnostics.ts';
import { startOpenTelemetry } from '../otel/otel.ts';
import { SDKS } from '../sdks/index.ts';
import { installHooks } from './hooks.ts';
import { hintWhenIdle } from './idle-hint.ts';
import { loadOwnSdks } from './own-sdks.ts';
import { RowWriter } from './row-writer.ts';
import { flushOnExit } from './shutdown.ts';

const WARM_UP_AFTER_MS = 500;

/**
 * Starts earshot in this process as the environment says: the OpenTelemetry SDK, unless the application has its own, the
 * processor that writes rows, the hooks of the provider SDKs. A failure is one line, and the application goes on.
 */
export function start(): void {
  try {
    startDiagnostics();
    if (process.env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return;
    const settings = readSettings({ warn: (message) => diag.warn(`earshot: ${message}`) });
    setCaptureContent(settings.captureContent);
    setParameterTags(settings.tags);
    const rows = new RowWriter(settings);
    if (settings.sdk === 'attach' || hasTracerProvider()) {
      attach(rows);
      flushOnExit({ rows });
    } else {
      flushOnExit({ rows, telemetry: startOpenTelemetry(rows) });
    }
    installHooks([...SDKS, ...loadOwnSdks(settings.ownSdks)], settings.disabledSdks);
    // After the application has started and before the first call, which the work would delay.
    setTimeout(loadAnalysis, WARM_UP_AFTER_MS).unref();
    hintWhenIdle();
  } catch (error) {
    diag.error('earshot could not start: the application is not instrumented and gives no telemetry.', error);
  }
}

/** A worker thread is not instrumented; what is said in one is heard. */
export function startInWorker(): void {
  startDiagnostics();
}

/** The application's provider takes no more processors, so the rows hear of our own spans from us. */
function attach(rows: RowWriter): void {
  onSpanEnd((span) => {
    if (isFinished(span)) rows.onEnd(span);
    else if (!hasTracerProvider())
      diag.warn(
        'earshot: EARSHOT_SDK is attach and no tracer provider is registered: calls are not recorded.',
      );
  });
}

/** A span of a recording SDK; what a sampler dropped, or what no provider made, has no times and attributes. */
function isFinished(span: unknown): span is FinishedSpan {
  const { startTime, endTime, attributes, events, resource } = span as Partial<FinishedSpan>;
  return [startTime, endTime, attributes, events, resource].every((field) => field !== undefined);
}

function hasTracerProvider(): boolean {
  const provider = trace.getTracerProvider();
  // A proxy of the API stands in until a provider is registered; all unused proxies share one no-op delegate.
  return (
    !(provider instanceof ProxyTracerProvider) ||
    provider.getDelegate() !== new ProxyTracerProvider().getDelegate()
  );
}
