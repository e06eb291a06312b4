import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { openMetricsText } from '../../../exporter/metrics/open-metrics-text.ts';
import { TextCache } from '../../../exporter/receiver/decode/text-cache.ts';
import { admission } from '../../../exporter/receiver/door/admission.ts';
import { ByteBudget } from '../../../exporter/receiver/door/budget.ts';
import { isLoopback } from '../../../exporter/receiver/door/loopback.ts';
import { Tokens } from '../../../exporter/receiver/door/tokens.ts';
import { createLog } from '../../../exporter/receiver/log.ts';

describe('authorisation', () => {
  test('without a token everybody may ask', () => {
    assert.deepEqual(admission({ host: '192.0.2.1' })({}), {});
  });

  test('with a token only who shows it', () => {
    const tokens = new Tokens([{ token: 's3cret' }]);
    assert.deepEqual(tokens.senderOf('Bearer s3cret'), {});
    assert.deepEqual(tokens.senderOf('bearer  s3cret'), {});
    for (const wrong of [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      'Bearer s3cre',
      'Bearer s3cretx',
      'Basic s3cret',
      's3cret',
    ])
      assert.equal(tokens.senderOf(wrong), undefined, String(wrong));
  });

  test('with several, whose token it is, and after a change only the new ones', () => {
    const tokens = new Tokens([{ token: 'one', name: 'a', tenant: 'acme' }, { token: 'two' }]);
    assert.deepEqual(tokens.senderOf('Bearer one'), { name: 'a', tenant: 'acme' });
    assert.deepEqual(tokens.senderOf('Bearer two'), {});
    tokens.replace([{ token: 'three', name: 'b' }]);
    assert.equal(tokens.senderOf('Bearer one'), undefined);
    assert.deepEqual(tokens.senderOf('Bearer three'), { name: 'b' });
  });

  test('only addresses of this machine are loopback', () => {
    for (const host of ['127.0.0.1', '127.9.9.9', '::1', 'localhost', '::ffff:127.0.0.1'])
      assert.equal(isLoopback(host), true, host);
    for (const host of ['0.0.0.0', '::', '10.0.0.1', 'example.com', 'localhost.example.com', '128.0.0.1', ''])
      assert.equal(isLoopback(host), false, host);
  });
});

describe('the byte budget', () => {
  test('is shared, bounded, and whole again when all is answered', () => {
    const budget = new ByteBudget(20_000);
    const first = budget.open(10_000);
    assert.ok(first);
    assert.equal(budget.open(10_000), undefined);
    const second = budget.open(0);
    assert.equal(second?.grow(5_000), false);
    assert.equal(second?.grow(1_000), true);
    first.close();
    first.close();
    second?.close();
    assert.equal(budget.used, 0);
  });
});

describe('the log', () => {
  const logged = (level: 'info' | 'error', format: 'json' | 'text') => {
    const lines: string[] = [];
    const log = createLog({ level, format, write: (line) => void lines.push(line), now: () => new Date(0) });
    return { log, lines };
  };

  test('is one JSON object a line for programs', () => {
    const { log, lines } = logged('info', 'json');
    log.warn('something', { call_id: 'CA1\n{"fake":1}', count: 2, absent: undefined });
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      [
        {
          time: '1970-01-01T00:00:00.000Z',
          level: 'warn',
          message: 'something',
          call_id: 'CA1\n{"fake":1}',
          count: 2,
        },
      ],
    );
    assert.equal(lines[0]?.includes('\n'), false);
  });

  test('is a line of text for people, whatever a field holds', () => {
    const { log, lines } = logged('info', 'text');
    log.info('something', { url: 'http://127.0.0.1:1', odd: 'a\nb\u001b[31m' });
    assert.deepEqual(lines, ['00:00:00.000 INFO  something url=http://127.0.0.1:1 odd="a\\nb\\u001b[31m"']);
  });

  test('leaves out what is below its level', () => {
    const { log, lines } = logged('error', 'text');
    log.warn('a');
    log.info('b');
    log.debug('c');
    log.error('d');
    assert.equal(lines.length, 1);
  });
});

test('metrics are valid OpenMetrics: families without _total, float limits, no empty line, an end', async () => {
  const reader = new PrometheusExporter({ preventServerStart: true });
  const resource = resourceFromAttributes({ 'service.name': 'x_total' });
  const meter = new MeterProvider({ readers: [reader], resource }).getMeter('a test');
  meter.createCounter('a', { description: 'Things', unit: '{span}' }).add(3, { le: '5', reason: 'le="5"' });
  meter.createUpDownCounter('b.total').add(-1, { text: 'a\\b\nc', list: ['d'] as never });
  meter.createObservableGauge('c').addCallback((result) => result.observe(Number.POSITIVE_INFINITY));
  const advice = { explicitBucketBoundaries: [0.5, 5] };
  const duration = meter.createHistogram('d', { description: 'How long', unit: 's', advice });
  for (const seconds of [0.25, 1]) duration.record(seconds, { route: '/x' });
  const { resourceMetrics } = await reader.collect();
  assert.equal(
    openMetricsText(resourceMetrics),
    `${[
      '# HELP target_info Target metadata',
      '# TYPE target_info gauge',
      'target_info{service_name="x_total"} 1',
      '# HELP a Things',
      '# TYPE a counter',
      'a_total{le="5",reason="le=\\"5\\""} 3',
      '# HELP b_total description missing',
      '# TYPE b_total gauge',
      'b_total{text="a\\\\b\\nc",list="[\\"d\\"]"} -1',
      '# HELP c description missing',
      '# TYPE c gauge',
      'c +Inf',
      '# HELP d_seconds How long',
      '# TYPE d_seconds histogram',
      'd_seconds_count{route="/x"} 2',
      'd_seconds_sum{route="/x"} 1.25',
      'd_seconds_bucket{route="/x",le="0.5"} 1',
      'd_seconds_bucket{route="/x",le="5.0"} 2',
      'd_seconds_bucket{route="/x",le="+Inf"} 2',
      '# EOF',
    ].join('\n')}\n`,
  );
});

test('the cache of texts gives what the bytes say, however often slots are taken', () => {
  const cache = new TextCache();
  const texts = fc.array(fc.oneof(fc.string({ maxLength: 60 }), fc.uint8Array({ maxLength: 60 })), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(texts, fc.nat(5), (values, offset) => {
      for (const value of [...values, ...values]) {
        const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)]);
        assert.equal(cache.read(bytes, offset, bytes.length), bytes.toString('utf8', offset));
        bytes.fill(0xff);
      }
    }),
    { numRuns: 200 },
  );
});
