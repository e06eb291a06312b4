import { type Context, createContextKey } from '@opentelemetry/api';

/** OpenTelemetry's own key: the API makes the same key of the same words. */
const KEY = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/** A context in which nothing is traced: what earshot itself does, and what exporters do. */
export const suppressTracing = (context: Context): Context => context.setValue(KEY, true);

export const isTracingSuppressed = (context: Context): boolean => context.getValue(KEY) === true;
