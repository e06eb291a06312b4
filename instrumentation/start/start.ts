import { createRequire } from 'node:module';
import { diag } from '@opentelemetry/api';
import { readSettings, type Settings } from '../../model/settings.ts';
import { loadAnalysis } from '../call/analysis.ts';
import { setParameterTags } from '../call/call-tags.ts';
import { setCaptureContent } from '../call/content.ts';
import { registered } from '../otel/api-globals.ts';
import { startDiagnostics } from '../otel/diagnostics.ts';
import { startOpenTelemetry } from '../otel/otel.ts';
import { followCallbacks, SDKS } from '../sdks/index.ts';
import { setProviderHosts } from '../sdks/kit/raw/provider-hosts.ts';
import { attach } from './attach.ts';
import { followBeneathSdks } from './beneath-sdks.ts';
import { installHooks } from './hooks.ts';
import { hintWhenIdle } from './idle-hint.ts';
import { loadOwnSdks } from './own-sdks.ts';
import { RowSender } from './row-sender.ts';
import { type Rows, RowWriter } from './row-writer.ts';
import { flushOnExit } from './shutdown.ts';

const file = createRequire(import.meta.url);

const WARM_UP_AFTER_MS = 500;

/**
 * Starts earshot in this process as the environment says: the OpenTelemetry SDK, unless and until the application has its
 * own, the processor that writes rows, the hooks of the provider SDKs. A failure is one line, and the application goes on.
 */
export function start(): void {
  try {
    startDiagnostics();
    if (process.env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return;
    const settings = readSettings({ warn: (message) => diag.warn(`earshot: ${message}`) });
    setCaptureContent(settings.captureContent);
    setParameterTags(settings.tags);
    record(settings);
    const { watchUrl } = settings;
    const rows = watchUrl === undefined ? new RowWriter(settings) : new RowSender(watchUrl, settings);
    if (settings.sdk === 'attach' || registered('trace') !== undefined) {
      attach(rows);
      flushOnExit({ rows });
    } else {
      flushOnExit({ rows, telemetry: startOpenTelemetry(rows, () => handOver(rows)) });
    }
    followCallbacks();
    setProviderHosts(settings.providerHosts);
    const disabled = settings.disabledSdks;
    installHooks([...SDKS, ...loadOwnSdks(settings.ownSdks)], disabled);
    followBeneathSdks(disabled);
    // After the application has started and before the first call, which the work would delay.
    setTimeout(loadAnalysis, WARM_UP_AFTER_MS).unref();
    // Most processes of a watched command run no agent. That there was no call is said in the end.
    if (watchUrl === undefined) hintWhenIdle();
  } catch (error) {
    diag.error('earshot could not start: the application is not instrumented and gives no telemetry.', error);
  }
}

/** The sound of calls, where it is asked for; what has expired goes. */
function record({ recordings, spanRetention: retentionMs }: Settings): void {
  if (recordings === undefined) return;
  // Loaded here and not above: who records nothing starts faster without it.
  const { startRecordings } = file('./recordings.js') as typeof import('./recordings.ts');
  startRecordings(recordings, retentionMs);
}

/** A worker thread is not instrumented; what is said in one is heard. */
export function startInWorker(): void {
  startDiagnostics();
}

function handOver(rows: Rows): void {
  diag.info(
    'earshot: the application has registered a tracer provider of its own: its exporters get the spans from here on. Rows are written as before.',
  );
  attach(rows);
}
