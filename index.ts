/** What `import 'earshot'` gives: spans of calls as they happen, and rows for programs that have numbers but no spans. */
export {
  type CallRecord,
  EarshotError,
  type ErrorCode,
  InvalidRecordError,
  TelemetryService,
  type TelemetryServiceOptions,
  type TurnRecord,
} from './exporter/telemetry-service.ts';
export * from './instrumentation/index.ts';
