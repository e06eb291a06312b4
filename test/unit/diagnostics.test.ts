import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DiagLogLevel } from '@opentelemetry/api';
import { describeError, LineLogger, logLevel } from '../../instrumentation/otel/diagnostics.ts';

function logger() {
  const lines: string[] = [];
  const clock = { nowMs: 0 };
  return {
    lines,
    clock,
    log: new LineLogger(
      (line) => lines.push(line),
      () => clock.nowMs,
    ),
  };
}

describe('LineLogger', () => {
  test('writes one line, whatever it is given', () => {
    const { log, lines } = logger();
    log.error('broken\n  in two', new TypeError('a\nb'), { status: 503 });
    assert.deepEqual(lines, ['[error] OpenTelemetry: broken in two TypeError a b {"status":503}\n']);
  });

  test('does not throw at what has no JSON', () => {
    const { log, lines } = logger();
    const circle: { self?: unknown } = {};
    circle.self = circle;
    log.warn('odd', circle, undefined, 1n);
    assert.equal(lines.length, 1);
  });

  test('says a warning once an episode, numbers aside, and again when it was quiet for longer than five minutes', () => {
    const { log, lines, clock } = logger();
    for (const minute of [0, 1, 5.9, 10.8]) {
      clock.nowMs = minute * 60_000;
      log.warn(`earshot: ${minute * 7} spans dropped`);
    }
    assert.equal(lines.length, 1);
    clock.nowMs = 16 * 60_000;
    log.warn('earshot: 3 spans dropped');
    assert.deepEqual(lines, ['[warn] earshot: 0 spans dropped\n', '[warn] earshot: 3 spans dropped\n']);
  });

  test('keeps warnings of different kinds apart, and errors from warnings', () => {
    const { log, lines } = logger();
    log.warn('earshot: a');
    log.warn('earshot: b');
    log.error('earshot: a');
    assert.equal(lines.length, 3);
  });

  test('writes every line below a warning', () => {
    const { log, lines } = logger();
    log.info('same');
    log.info('same');
    log.debug('same');
    log.verbose('same');
    assert.equal(lines.length, 4);
  });

  test('forgets old episodes rather than growing', () => {
    const { log, lines } = logger();
    const name = (n: number) => String.fromCharCode(97 + (n % 26), 97 + Math.floor(n / 26));
    for (let n = 0; n < 300; n++) log.warn(name(n));
    log.warn(name(0));
    assert.equal(lines.length, 301);
    log.warn(name(299));
    assert.equal(lines.length, 301);
  });
});

test('an error is described by its class, code and message; one of several causes by theirs', () => {
  assert.equal(describeError(new RangeError('too far')), 'RangeError too far');
  const refused = (address: string) =>
    Object.assign(new Error(`connect ECONNREFUSED ${address}`), { code: 'ECONNREFUSED' });
  assert.equal(
    describeError(
      Object.assign(new AggregateError([refused('::1'), refused('127.0.0.1')]), { code: 'ECONNREFUSED' }),
    ),
    'AggregateError (ECONNREFUSED) Error (ECONNREFUSED) connect ECONNREFUSED ::1; Error (ECONNREFUSED) connect ECONNREFUSED 127.0.0.1',
  );
  assert.equal(describeError('text'), 'text');
});

test('OTEL_LOG_LEVEL is read in any case; warnings are the default', () => {
  assert.equal(logLevel('debug'), DiagLogLevel.DEBUG);
  assert.equal(logLevel(' Error '), DiagLogLevel.ERROR);
  assert.equal(logLevel(undefined), DiagLogLevel.WARN);
  assert.equal(logLevel('loud'), DiagLogLevel.WARN);
});
