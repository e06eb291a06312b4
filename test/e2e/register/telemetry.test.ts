import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { OtlpReceiver } from '../../support/otlp-receiver.ts';
import { LATE_PROBE, REGISTER, run } from '../../support/program.ts';

const otlp = (collector: OtlpReceiver, env: Record<string, string> = {}) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  ...env,
});

const GRPC = { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };

describe('node --import earshot/register', { concurrency: 2 }, () => {
  let collector: OtlpReceiver;
  before(async () => {
    collector = await OtlpReceiver.start();
  });
  after(() => collector.close());
  const spansOf = (callId: string) =>
    collector.spans.filter(({ attributes }) => attributes['voice.call.id'] === callId);

  for (const program of ['one-call.mjs', 'one-call.cjs']) {
    // trace 1: voice.turn
    //            `- chat llama-3.1-8b-instant
    // trace 2: voice.call
    test(`${program}: a call's spans arrive at the collector, and the program ends by itself with code 0`, async () => {
      const callId = `call-of-${program}`;
      const end = await run(program, {
        args: [callId],
        env: otlp(collector, {
          OTEL_SERVICE_NAME: 'front-desk',
          OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
        }),
      });
      assert.equal(end.code, 0, end.stderr);
      assert.equal(end.stdout, 'done\n');
      const spans = spansOf(callId);
      assert.deepEqual(spans.map(({ name }) => name).sort(), [
        'chat llama-3.1-8b-instant',
        'voice.call',
        'voice.turn',
      ]);
      for (const { resource, scope } of spans) {
        assert.equal(resource['service.name'], 'front-desk');
        assert.equal(resource['deployment.environment.name'], 'test');
        assert.ok(resource['process.pid']);
        assert.equal(scope, 'earshot');
      }
      const turn = spans.find(({ name }) => name === 'voice.turn');
      const chat = spans.find(({ name }) => name.startsWith('chat'));
      assert.equal(chat?.parentSpanId, turn?.spanId);
    });
  }

  test('the roots of a call share one randomness value in tracestate, and their children inherit it', async () => {
    await run('one-call.mjs', { args: ['call-rv'], env: otlp(collector) });
    const states = spansOf('call-rv').map(({ traceState }) => traceState);
    assert.ok(states.length >= 3);
    assert.match(states[0] ?? '', /^ot=rv:[0-9a-f]{14}$/);
    assert.equal(new Set(states).size, 1);
  });

  test('OTEL_TRACES_SAMPLER=always_off exports nothing', async () => {
    const end = await run('two-spans.mjs', {
      args: ['call-off'],
      env: otlp(collector, { OTEL_TRACES_SAMPLER: 'always_off' }),
    });
    assert.equal(end.code, 0);
    assert.deepEqual(spansOf('call-off'), []);
  });

  test('a sampler of another name is reported, and everything is sampled', async () => {
    const end = await run('two-spans.mjs', {
      args: ['call-sampler'],
      env: otlp(collector, { OTEL_TRACES_SAMPLER: 'now_and_then' }),
    });
    assert.match(end.stderr, /OTEL_TRACES_SAMPLER: "now_and_then" is not known/);
    assert.equal(spansOf('call-sampler').length, 2);
    assert.ok(collector.spans.some(({ name }) => name === 'own'));
  });

  test('http/protobuf is the default, and compression and headers are as the variables say', async () => {
    const own = await OtlpReceiver.start();
    await run('one-call.mjs', {
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: own.url,
        OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
        OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=acme',
      },
    });
    await own.close();
    const request = own.requests.find(({ path }) => path === '/v1/traces');
    assert.equal(request?.headers['content-type'], 'application/x-protobuf');
    assert.equal(request?.headers['content-encoding'], 'gzip');
    assert.equal(request?.headers['x-tenant'], 'acme');
    assert.ok(request?.body.includes('voice.turn'));
  });

  test('OTEL_TRACES_EXPORTER=console prints spans, =none exports none', async () => {
    const printed = await run('one-call.mjs', {
      env: { OTEL_TRACES_EXPORTER: 'console', OTEL_METRICS_EXPORTER: 'none' },
    });
    assert.match(printed.stdout, /name: 'voice\.turn'/);
    const none = await run('one-call.mjs', {
      args: ['call-none'],
      env: otlp(collector, { OTEL_TRACES_EXPORTER: 'none' }),
    });
    assert.equal(none.stdout, 'done\n');
    assert.deepEqual(spansOf('call-none'), []);
  });

  test('OTEL_SDK_DISABLED=true leaves the application as it is', async () => {
    const end = await run('listeners.mjs', { env: otlp(collector, { OTEL_SDK_DISABLED: 'true' }) });
    assert.equal(end.stderr, '');
    assert.match(end.stdout, /^SIGTERM 0, SIGINT 0, beforeExit 0,/);
  });

  test('span limits hold', async () => {
    await run('one-call.mjs', {
      args: ['call-limits'],
      env: otlp(collector, { OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '2' }),
    });
    const spans = collector.spans.filter(({ name }) => name === 'voice.call');
    assert.ok(spans.some(({ attributes }) => Object.keys(attributes).length === 2));
  });

  test('logs are exported when OTEL_LOGS_EXPORTER asks for them, and not otherwise', async () => {
    for (const [env, expected] of [
      [{}, 0],
      [{ OTEL_LOGS_EXPORTER: 'otlp' }, 1],
    ] as const) {
      const own = await OtlpReceiver.start();
      await run('log-record.mjs', { env: otlp(own, env) });
      await own.close();
      assert.equal(own.requests.filter(({ path }) => path === '/v1/logs').length, expected);
    }
  });

  test('where no variable names a collector nothing is exported, nothing is said of it, and a log at info tells why', async () => {
    const end = await run('one-call.mjs', { env: { OTEL_LOG_LEVEL: 'info' } });
    assert.equal(end.stdout, 'done\n');
    assert.match(
      end.stderr,
      /^\[info\] earshot: spans are not exported, because no OTEL_EXPORTER_OTLP_\* is set/m,
    );
    assert.doesNotMatch(end.stderr, /an export failed|delivered|answers/);
    const usual = await run('one-call.mjs', { env: {} });
    assert.match(usual.stderr, /^\[warn\] earshot: EARSHOT_DATABASE_URL is not set.*\n$/);
  });

  for (const [how, env, endpoint] of [
    ['that is away', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://user:secret@127.0.0.1:9' }, 'http://127.0.0.1:9'],
    [
      'that is away, over gRPC',
      { ...GRPC, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' },
      'http://127.0.0.1:9',
    ],
    [
      'whose name is unknown',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.invalid:4318' },
      'http://collector.invalid:4318',
    ],
  ] as const)
    test(`with a collector ${how} a program ends soon, with one line that names it`, async () => {
      const end = await run('one-call.mjs', {
        nodeArgs: ['--import', REGISTER, '--import', LATE_PROBE],
        env: { ...env, LATE_MS: '1500' },
      });
      assert.equal(end.code, 0, end.stderr);
      assert.equal(end.stdout, 'done\n');
      const told = end.stderr.split('\n').filter((line) => /answers|delivered|export failed/.test(line));
      assert.equal(told.length, 1, end.stderr);
      assert.ok(told[0]?.includes(`nothing answers at ${endpoint} (`), told[0]);
      assert.doesNotMatch(end.stderr, /secret/);
    });
});
