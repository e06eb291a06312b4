import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { prometheusName } from '../../../exporter/metrics/prometheus-name.ts';
import { ATTR, METRIC, METRICS } from '../../../model/semconv.ts';
import { attribute, otlpRequest, otlpSpan, post } from '../../support/otlp-request.ts';
import { startServe, untilReady } from '../../support/otlp-server.ts';
import { poll } from '../../support/poll.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { connect, journalSize, rowsOf } from '../../support/processors.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const CLI = fileURLToPath(new URL('../../../cli/main.js', import.meta.url));

let postgres: TestPostgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

/** Keeps a server busy with a request that is never finished. */
async function neverFinish(url: string): Promise<void> {
  const client = httpRequest(`${url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': 100 },
  });
  client.on('error', () => {});
  client.write('{');
  await poll(() => client.socket?.bytesWritten);
}

describe('earshot serve', () => {
  test('killed right after an answer, has lost nothing that it acknowledged', async (t) => {
    const url = await postgres.createDatabase();
    const serve = await startServe(t, { DATABASE_URL: url });
    await untilReady(serve.url);
    const sent = Array.from({ length: 40 }, (_, index) =>
      post(serve.url, otlpRequest(otlpSpan(`K${index}`))),
    );
    let acknowledged = 0;
    for (const answer of sent)
      void answer.then(
        ({ status }) => {
          if (status === 200) acknowledged += 1;
          if (acknowledged === 10) serve.kill('SIGKILL');
        },
        () => {},
      );
    await Promise.allSettled(sent);
    assert.equal((await serve.ended).signal, 'SIGKILL');
    assert.ok(acknowledged >= 10);
    const size = await journalSize(connect(t, url));
    assert.ok(size >= acknowledged, `${size} in the journal, ${acknowledged} acknowledged`);
  });

  test('told to stop, answers what is under way, finalizes ended calls and exits 0', async (t) => {
    const url = await postgres.createMigrated();
    const serve = await startServe(t, { DATABASE_URL: url, EARSHOT_FINALIZE_DELAY: '1h' });
    await untilReady(serve.url);
    const body = JSON.stringify(otlpRequest(otlpSpan('S1')));
    const client = httpRequest(`${serve.url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': body.length },
    });
    client.write(body.slice(0, 20));
    await poll(() => client.socket?.bytesWritten);
    serve.kill('SIGTERM');
    await poll(() => serve.lines().some(({ message }) => message === 'stopping'));
    await assert.rejects(fetch(`${serve.url}/healthz`), 'it accepts no more');
    client.end(body.slice(20));
    const [response] = await once(client, 'response');
    response.resume();
    assert.equal(response.statusCode, 200);
    assert.equal(response.headers.connection, 'close');
    const { code, stderr } = await serve.ended;
    assert.deepEqual([code, stderr], [0, '']);
    await rowsOf(connect(t, url), 'S1', 0);
  });

  test('told twice to stop, ends at once', async (t) => {
    const serve = await startServe(t, { DATABASE_URL: await postgres.createMigrated() });
    await untilReady(serve.url);
    await neverFinish(serve.url);
    serve.kill('SIGINT');
    await poll(() => serve.lines().some(({ message }) => message === 'stopping'));
    // One that comes in the same moment is the same signal, passed on by a shell; a later one is not.
    const again = setInterval(() => serve.kill('SIGINT'), 100);
    t.after(() => clearInterval(again));
    assert.equal((await serve.ended).code, 130);
  });

  test('cuts off what does not end in time, and exits 0', async (t) => {
    const serve = await startServe(t, { DATABASE_URL: await postgres.createMigrated() });
    await untilReady(serve.url);
    await neverFinish(serve.url);
    serve.kill('SIGTERM');
    assert.equal((await serve.ended).code, 0);
  });

  test('shows its metrics as OpenMetrics, or as the older text for those who ask', async (t) => {
    const serve = await startServe(t, { DATABASE_URL: await postgres.createMigrated() });
    await untilReady(serve.url);
    await post(serve.url, otlpRequest(otlpSpan('M1'), otlpSpan('M1', { spanId: '' })));
    await post(serve.url, '{');
    const family = (name: string) => name.replaceAll('.', '_');
    const page = await poll(async () => {
      const answer = await fetch(`${serve.url}/metrics`);
      const text = await answer.text();
      // The queue is asked while the counters are read: a page may have the call in both.
      const finalized =
        text.includes('voice_calls_total') && text.includes(`\n${family(METRIC.queueDepth)} 0\n`);
      return finalized && { type: answer.headers.get('content-type'), text };
    });
    assert.match(page.type ?? '', /^application\/openmetrics-text; version=1\.0\.0/);
    for (const line of [
      `${family(METRIC.spansAccepted)}_total 1`,
      `${family(METRIC.spansWritten)}_total 1`,
      `${family(METRIC.spansDropped)}_total{${family(ATTR.dropReason)}="invalid_id"} 1`,
      `${family(METRIC.callsFinalized)}_total 1`,
      `${family(METRIC.queueDepth)} 0`,
      `${prometheusName(METRICS.receiverInFlight)} 0`,
      `http_server_request_duration_seconds_count{http_request_method="POST",http_route="/v1/traces",http_response_status_code="400"} 1`,
    ])
      assert.ok(page.text.includes(`\n${line}\n`), `${line}\n${page.text}`);
    assert.ok(page.text.endsWith('\n# EOF\n'));
    const older = await fetch(`${serve.url}/metrics`, { headers: { accept: 'text/plain;version=0.0.4' } });
    assert.match(older.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  });

  test('logs JSON lines, and never content, tokens or passwords', async (t) => {
    const url = (await postgres.createMigrated()).replace('earshot@', 'earshot:p4ssw0rd@');
    const serve = await startServe(t, {
      DATABASE_URL: url,
      EARSHOT_LOG_LEVEL: 'debug',
      EARSHOT_AUTH_TOKEN: 't0ken',
    });
    await untilReady(serve.url);
    const attributes = [
      attribute(ATTR.callId, { stringValue: 'L1' }),
      attribute('voice.x', { stringValue: 'c0ntent' }),
    ];
    const span = otlpSpan('L1', { name: 'c0ntent', attributes });
    assert.equal((await post(serve.url, otlpRequest(span), { authorization: 'Bearer t0ken' })).status, 200);
    await post(serve.url, '{"c0ntent', { authorization: 'Bearer t0ken' });
    serve.kill('SIGTERM');
    assert.equal((await serve.ended).code, 0);
    const lines = serve.lines();
    assert.deepEqual(
      lines.filter(({ level }) => level === 'info').map(({ message }) => message),
      ['listening', 'the database is open', 'stopping', 'stopped'],
    );
    for (const secret of ['c0ntent', 't0ken', 'p4ssw0rd'])
      assert.equal(JSON.stringify(lines).includes(secret), false, secret);
  });

  test('works on the embedded database', async (t) => {
    const serve = await startServe(t, { EARSHOT_DATA_DIR: await temporaryFolder(t) });
    await untilReady(serve.url);
    assert.equal((await post(serve.url, otlpRequest(otlpSpan('E1')))).status, 200);
    serve.kill('SIGTERM');
    assert.equal((await serve.ended).code, 0);
  });

  test('on a schema newer than it knows it takes no span, says why once, and lives on', async (t) => {
    const url = await postgres.createMigrated();
    const first = await startServe(t, { DATABASE_URL: url });
    await untilReady(first.url);
    await connect(t, url).query(`INSERT INTO earshot.earshot_migrations (id, name) VALUES (9999, 'later')`);
    assert.equal((await fetch(`${first.url}/readyz`)).status, 200, 'one that runs goes on');
    const second = await startServe(t, { DATABASE_URL: url });
    const said = () => second.lines().filter(({ level }) => level === 'error');
    await poll(() => said().length > 0, { what: 'it says why' });
    assert.equal(said()[0]?.schema_version, 9999);
    assert.equal((await post(second.url, otlpRequest(otlpSpan('NEWER')))).status, 503);
    assert.equal((await fetch(`${second.url}/readyz`)).status, 503);
    assert.equal((await fetch(`${second.url}/healthz`)).status, 200);
    // The newer one is taken back: no one has to start this one again.
    await connect(t, url).query('DELETE FROM earshot.earshot_migrations WHERE id = 9999');
    await untilReady(second.url);
    assert.equal((await post(second.url, otlpRequest(otlpSpan('NEWER')))).status, 200);
    assert.equal(said().length, 1);
  });
});

describe('earshot serve refuses to start', () => {
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const { status, stderr } = spawnSync(process.execPath, [CLI, 'serve', ...args], {
      env: { PATH: process.env.PATH, DATABASE_URL: 'postgres://x@127.0.0.1:1/x', ...env },
      encoding: 'utf8',
      timeout: 60_000,
    });
    return { status, stderr };
  };

  test('on an address that others reach, without a token, and says what to do', () => {
    const { status, stderr } = run(['--host', '0.0.0.0', '--port', '0']);
    assert.equal(status, 2);
    assert.match(stderr, /EARSHOT_AUTH_TOKEN/);
    assert.match(stderr, /EARSHOT_INSECURE/);
  });

  test('on an address that others reach, with a token that can be guessed', () => {
    const { status, stderr } = run(['--host', '0.0.0.0', '--port', '0'], { EARSHOT_AUTH_TOKEN: 's3cret' });
    assert.equal(status, 2);
    assert.match(stderr, /EARSHOT_AUTH_TOKEN: saw 6 characters, expected 16 or more/);
    assert.doesNotMatch(stderr, /s3cret/);
  });

  test('on a port that is none, or with a bad setting', () => {
    assert.equal(run(['--port', '70000']).status, 2);
    assert.equal(run([], { EARSHOT_PORT: 'http' }).status, 2);
    assert.equal(run([], { EARSHOT_LOG_LEVEL: 'loud' }).status, 2);
    const { status, stderr } = run(['--port', '0'], {
      EARSHOT_INCIDENT_WEBHOOK: 'http://hooks.example/s3cret',
    });
    assert.equal(status, 2, stderr);
    assert.match(stderr, /EARSHOT_INCIDENT_WEBHOOK: saw an address that is not shown, expected/);
    assert.doesNotMatch(stderr, /s3cret|cannot listen/);
    assert.equal(run([], { EARSHOT_MAX_IN_FLIGHT_BYTES: '1000000' }).status, 2);
  });

  test('on a port that is taken', async (t) => {
    const serve = await startServe(t, { DATABASE_URL: await postgres.createMigrated() });
    const { status, stderr } = run(['--port', new URL(serve.url).port]);
    assert.equal(status, 1);
    assert.match(stderr, /EADDRINUSE/);
  });

  test('but starts on any address with the token, or the switch', async (t) => {
    for (const env of [{ EARSHOT_AUTH_TOKEN: 'x'.repeat(16) }, { EARSHOT_INSECURE: 'true' }]) {
      const serve = await startServe(t, {
        DATABASE_URL: 'postgres://x@127.0.0.1:1/x',
        EARSHOT_HOST: '0.0.0.0',
        ...env,
      });
      assert.equal((await fetch(serve.url.replace('0.0.0.0', '127.0.0.1').concat('/healthz'))).status, 200);
      serve.kill('SIGTERM');
      assert.equal((await serve.ended).code, 0);
    }
  });
});
