import { context, createContextKey, ProxyTracerProvider } from '@opentelemetry/api';
import { ATTR } from '../../../model/semconv.ts';
import { at, foreign, type Method, pick, wrapOnce } from '../kit/patch.ts';

/**
 * LiveKit's own spans go on to where they went, and say that earshot reports the same work itself: rows are made of
 * ours, whether both meet in this process or behind a collector. On the tracer, because then it holds for any provider.
 */
export function markOwnSpans(moduleExports: unknown): void {
  const tracer = at(pick(moduleExports, 'telemetry'), 'tracer');
  wrapOnce(tracer, 'startSpan', (start) => marked(start, 0));
  wrapOnce(tracer, 'startActiveSpan', (start) => marked(start, 1));
  wrapOnce(tracer, 'startActiveSpanSync', (start) => marked(start, 1));
  keepCloudTracing(moduleExports, tracer);
}

/** @param position Of the options among the arguments. */
const marked = (start: Method, position: number): Method =>
  function (this: unknown, ...args) {
    const options = foreign(args[position]);
    if (options) {
      const attributes = { ...foreign(options.attributes), [ATTR.reportedByEarshot]: true };
      args[position] = { ...options, attributes };
    }
    return start.apply(this, args);
  };

const RECORDING = createContextKey('earshot.livekit-recording');

/**
 * LiveKit Cloud's tracing is set up only where LiveKit sees no other tracer provider. It knows ours for the mere proxy
 * of the API if both have the same copy of the API, and would take it for the application's own if not.
 */
function keepCloudTracing(moduleExports: unknown, tracer: unknown): void {
  wrapOnce(
    at(pick(moduleExports, 'JobContext'), 'prototype'),
    'initRecording',
    (init) =>
      function (this: unknown, ...args) {
        return context.with(context.active().setValue(RECORDING, true), () => init.apply(this, args));
      },
  );
  wrapOnce(
    tracer,
    'getProvider',
    (getProvider) =>
      function (this: unknown, ...args) {
        const provider = getProvider.apply(this, args);
        const recording = context.active().getValue(RECORDING) === true;
        return recording && provider instanceof ProxyTracerProvider ? undefined : provider;
      },
  );
}
