import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { fixture, REGISTER, run } from '../../support/program.ts';

const QUIET = { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' };

describe('starting', { concurrency: 2 }, () => {
  test('without DATABASE_URL is said once on stderr, and nothing on stdout', async () => {
    const end = await run('listeners.mjs', { env: QUIET });
    assert.equal(
      end.stderr,
      '[warn] earshot: EARSHOT_DATABASE_URL is not set; calls are traced, and no rows are written.\n',
    );
    assert.equal(end.stdout.split('\n').length, 2);
  });

  test('a bad setting is one warning, and its default is used', async () => {
    const end = await run('one-call.mjs', {
      env: { ...QUIET, EARSHOT_SDK: 'sometimes', EARSHOT_FLUSH_INTERVAL: 'often' },
    });
    assert.equal(end.code, 0);
    assert.equal(end.stdout, 'done\n');
    assert.match(
      end.stderr,
      /EARSHOT_SDK: saw "sometimes", expected one of auto, attach\. Using auto instead\./,
    );
    assert.equal(end.stderr.match(/EARSHOT_SDK/g)?.length, 1, end.stderr);
    assert.equal(end.stderr.match(/EARSHOT_FLUSH_INTERVAL/g)?.length, 1, end.stderr);
  });

  test('that fails is one line that names the consequence; the application works', async () => {
    const end = await run('one-call.mjs', {
      env: QUIET,
      nodeArgs: ['--import', pathToFileURL(fixture('broken-install.cjs')).href, '--import', REGISTER],
    });
    assert.equal(end.code, 0, end.stderr);
    assert.equal(end.stdout, 'done\n');
    const failures = end.stderr.split('\n').filter((line) => line.startsWith('[error]'));
    assert.equal(failures.length, 1, end.stderr);
    assert.match(failures[0] ?? '', /not instrumented and gives no telemetry.*TracerProvider/);
  });

  test('happens in the main thread only', async () => {
    const end = await run('worker.mjs', { env: QUIET });
    assert.equal(end.code, 0, end.stderr);
    assert.equal(end.stdout, 'main: true\nworker: false\n');
    assert.equal(end.stderr.match(/DATABASE_URL/g)?.length, 1);
  });

  test('a call in a worker thread is one line, with the cure', async () => {
    const end = await run('worker-call.mjs', { env: QUIET });
    assert.equal(end.code, 0, end.stderr);
    assert.equal(
      end.stderr.match(/a call is started in a worker thread, which is not instrumented/g)?.length,
      1,
    );
  });

  test('happens once, however often it is asked for', async () => {
    const end = await run('loads-again.cjs', {
      env: QUIET,
      nodeArgs: ['--import', REGISTER, '--import', `${REGISTER}?again`],
    });
    assert.equal(end.code, 0, end.stderr);
    assert.equal(end.stdout, 'done\nlisteners: 1\n');
    assert.equal(end.stderr.match(/DATABASE_URL/g)?.length, 1);
  });

  test('by require works as well', async () => {
    const end = await run('loads-again.cjs', { env: QUIET, nodeArgs: [] });
    assert.equal(end.code, 0, end.stderr);
    assert.equal(end.stdout, 'done\nlisteners: 1\n');
  });

  test('OTEL_LOG_LEVEL decides what is said; a wrong one is reported', async () => {
    const silent = await run('one-call.mjs', { env: { ...QUIET, OTEL_LOG_LEVEL: 'none' } });
    assert.equal(silent.stderr, '');
    const wrong = await run('one-call.mjs', { env: { ...QUIET, OTEL_LOG_LEVEL: 'loud' } });
    assert.match(wrong.stderr, /OTEL_LOG_LEVEL: saw "loud"/);
    const verbose = await run('one-call.mjs', { env: { ...QUIET, OTEL_LOG_LEVEL: 'debug' } });
    assert.match(verbose.stderr, /^\[debug\] OpenTelemetry: /m);
    assert.equal(verbose.stdout, 'done\n');
  });

  test('with EARSHOT_SDK=attach and no provider is said when the first span is lost', async () => {
    const end = await run('one-call.mjs', { env: { EARSHOT_SDK: 'attach' } });
    assert.equal(end.code, 0);
    assert.equal(
      end.stderr.match(/no tracer provider is registered: rows are written, and calls are in no trace/g)
        ?.length,
      1,
    );
  });

  test('under --experimental-loader comes with a warning', async () => {
    const end = await run('listeners.mjs', {
      env: QUIET,
      nodeArgs: [
        '--no-warnings',
        '--experimental-loader',
        'import-in-the-middle/hook.mjs',
        '--import',
        REGISTER,
      ],
    });
    assert.equal(end.code, 0, end.stderr);
    assert.equal(end.stderr.match(/module loader is set with --experimental-loader/g)?.length, 1, end.stderr);
  });
});
