import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { OtlpReceiver } from '../../support/otlp-receiver.ts';
import { poll } from '../../support/poll.ts';
import { fixture, LATE_PROBE, Program, REGISTER, run } from '../../support/program.ts';

describe('the end of a process', { concurrency: 2 }, () => {
  let collector: OtlpReceiver;
  let env: Record<string, string>;
  before(async () => {
    collector = await OtlpReceiver.start();
    env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
  });
  after(() => collector.close());
  const names = (callId: string, at = collector) =>
    at.spans
      .filter(({ attributes }) => attributes['voice.call.id'] === callId)
      .map(({ name }) => name)
      .sort();

  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const) {
    test(`${signal} without a listener of the application: telemetry is flushed, the code is ${code}`, async () => {
      const program = new Program('server.mjs', { env, args: [signal] });
      await program.printed('ready');
      program.kill(signal);
      const end = await program.ended;
      assert.equal(end.code, code, end.stderr);
      assert.deepEqual(names(`call-served-${signal}`), ['voice.call', 'voice.turn']);
    });
  }

  test('SIGTERM with a listener of the application: what has ended is flushed, calls go on, the exit is its own', async () => {
    const own = await OtlpReceiver.start();
    const program = new Program('draining-server.mjs', {
      env: { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: own.url },
    });
    await program.printed('ready');
    program.kill('SIGTERM');
    await program.printed('draining');
    await poll(() => names('call-drained', own).length > 0);
    assert.deepEqual(names('call-drained', own), ['voice.turn']);
    program.kill('SIGUSR2');
    const end = await program.ended;
    assert.equal(end.code, 7, end.stderr);
    assert.deepEqual(names('call-drained', own), ['voice.call', 'voice.turn', 'voice.turn']);
    await own.close();
    // The signal and the end ask once whether the collector is there.
    assert.equal(own.probes, 1);
  });

  test('a listener of the application that was there before, and hears one signal only, keeps the exit its own', async () => {
    const program = new Program('server.mjs', {
      env,
      args: ['once'],
      nodeArgs: ['--import', pathToFileURL(fixture('listens-once.mjs')).href, '--import', REGISTER],
    });
    await program.printed('ready');
    program.kill('SIGTERM');
    await poll(() => names('call-served-once').length > 0);
    assert.deepEqual(names('call-served-once'), ['voice.turn']);
    program.kill('SIGUSR2');
    const end = await program.ended;
    assert.equal(end.code, 9, end.stderr);
  });

  test('a second signal ends the process at once, whatever the flush waits for', async () => {
    const program = new Program('server.mjs', {
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_METRICS_EXPORTER: 'none' },
    });
    await program.printed('ready');
    program.kill('SIGINT');
    const again = setInterval(() => program.kill('SIGINT'), 50);
    const end = await program.ended;
    clearInterval(again);
    assert.equal(end.code, 130);
    // What the first one waits for says so when it is given up.
    assert.doesNotMatch(end.stderr, /could not be delivered/);
  });

  test('of a cluster, of a forked process and of one with NODE_OPTIONS delivers the call of each', async () => {
    const own = await OtlpReceiver.start();
    const end = await run('cluster.mjs', { env: { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: own.url } });
    await poll(() => own.spans.length === 4);
    await own.close();
    assert.equal(end.code, 0, end.stderr);
    assert.deepEqual(own.spans.map(({ attributes }) => attributes['voice.call.id']).sort(), [
      'call-forked',
      'call-primary',
      'call-spawned',
      'call-worker',
    ]);
  });

  test('an uncaught exception ends the process as Node has it', async () => {
    const end = await run('crash.mjs', { env });
    assert.equal(end.code, 1);
    assert.match(end.stderr, /RangeError: the application broke/);
  });

  test('nothing keeps an empty program alive, and no listener for exceptions is added', async () => {
    const end = await run('listeners.mjs', { env });
    assert.equal(end.code, 0);
    assert.equal(
      end.stdout,
      'SIGTERM 1, SIGINT 1, beforeExit 1, uncaughtException 0, unhandledRejection 0\n',
    );
  });

  test('a collector that never answers delays the exit by no more than the limit', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as { port: number };
    const end = await run('one-call.mjs', {
      nodeArgs: ['--import', REGISTER, '--import', LATE_PROBE],
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
        OTEL_METRICS_EXPORTER: 'none',
        LATE_MS: '6500',
      },
    });
    silent.close();
    assert.equal(end.code, 0);
    assert.match(end.stderr, /spans could not be delivered within 5 s/);
  });
});
