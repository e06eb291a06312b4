import type { SpanRecord } from '../../model/span-record.ts';

/**
 * Instrumentations that write a provider's counts as its API has them: Claude's and Bedrock's prompt without its cache, Gemini's
 * answer without its thoughts. OpenLLMetry 0.62 and OpenTelemetry 0.66 do so of Bedrock, OpenLIT 1.45 of all. Those that
 * are not here add up, as the conventions want it.
 */
const SCOPES: ReadonlySet<unknown> = new Set([
  'opentelemetry.instrumentation.bedrock',
  'opentelemetry.instrumentation.botocore.bedrock-runtime',
]);

/** OpenLIT in Python puts its name on each span; in JavaScript it is in the scope. */
const OPENLIT = 'openlit';
const SDK_NAME = 'telemetry.sdk.name';
const OPENLIT_SCOPE = /^@?openlit\b/;

/** Whether the token counts of a span are those of the provider's API. */
export const isAsCounted = ({ scopeName, attributes }: SpanRecord): boolean =>
  SCOPES.has(scopeName) || attributes[SDK_NAME] === OPENLIT || OPENLIT_SCOPE.test(scopeName ?? '');
