import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchedEnvironment } from '../../../cli/watch/environment.ts';

const TARGET = {
  url: 'http://127.0.0.1:4318',
  databaseUrl: 'postgres://here',
  register: 'file:///earshot/register.js',
  serviceName: 'my-agent',
};

test('a command that knows nothing of OpenTelemetry gets all that it needs', () => {
  assert.deepEqual(watchedEnvironment({ PATH: '/bin', OTEL_SERVICE_NAME: '' }, TARGET), {
    PATH: '/bin',
    NODE_OPTIONS: '--import file:///earshot/register.js',
    EARSHOT_WATCH_URL: 'http://127.0.0.1:4318',
    EARSHOT_DATABASE_URL: 'postgres://here',
    OTEL_SERVICE_NAME: 'my-agent',
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
    OTEL_BSP_SCHEDULE_DELAY: '500',
    OTEL_TRACES_SAMPLER: 'parentbased_always_on',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:4318/v1/traces',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf',
  });
});

test('what the user has set stays, but for where spans go', () => {
  const env = watchedEnvironment(
    {
      NODE_OPTIONS: '--max-old-space-size=512',
      OTEL_RESOURCE_ATTRIBUTES: 'team=voice,service.name=theirs',
      OTEL_METRICS_EXPORTER: 'console',
      OTEL_TRACES_EXPORTER: 'console',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example',
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc',
      DATABASE_URL: 'postgres://theirs',
      EMPTY: '',
    },
    { ...TARGET, captureContent: true },
  );
  assert.equal(env.NODE_OPTIONS, '--max-old-space-size=512 --import file:///earshot/register.js');
  assert.equal(env.OTEL_SERVICE_NAME, undefined);
  assert.equal(env.OTEL_METRICS_EXPORTER, 'console');
  assert.equal(env.OTEL_TRACES_EXPORTER, 'otlp,console');
  assert.equal(env.OTEL_EXPORTER_OTLP_ENDPOINT, TARGET.url);
  assert.equal(env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL, 'http/protobuf');
  assert.equal(env.DATABASE_URL, 'postgres://theirs');
  assert.equal(env.EMPTY, '');
  assert.equal(env.OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT, 'true');
  assert.equal(watchedEnvironment(env, TARGET).NODE_OPTIONS, env.NODE_OPTIONS);
});
