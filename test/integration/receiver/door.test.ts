import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { otlpRequest, otlpSpan, post } from '../../support/otlp-request.ts';
import { startReceiver, untilReady } from '../../support/otlp-server.ts';
import { poll } from '../../support/poll.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';

let postgres: TestPostgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

const openSocket = (url: string): Socket => {
  const { port, hostname } = new URL(url);
  return connect(Number(port), hostname).on('error', () => {});
};

/** The status of a request whose head is exactly this. */
function statusOf(url: string, path: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}${path}`, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.once('error', reject);
    request.end();
  });
}

describe('connections', () => {
  test('without a request give way to those that come, the quietest first', async (t) => {
    const own = await startReceiver(t, await postgres.createMigrated(), { maxConnections: 2 });
    await untilReady(own.url);
    const idle = Array.from({ length: 200 }, () => openSocket(own.url));
    t.after(() => {
      for (const socket of idle) socket.destroy();
    });
    await poll(() => idle.filter((socket) => socket.closed || socket.destroyed).length >= 150, {
      what: 'idle connections give way',
    });
    assert.equal((await post(own.url, otlpRequest(otlpSpan('D1')))).status, 200);
    assert.deepEqual(
      own.logLines.filter((line) => line.includes('connections are refused')),
      [],
    );
  });

  test('that are all busy leave room for the probes, and senders are asked to come again', async (t) => {
    const own = await startReceiver(t, await postgres.createMigrated(), { maxConnections: 1 });
    await untilReady(own.url);
    const slow = httpRequest(`${own.url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': 400, expect: '100-continue' },
    });
    slow.on('error', () => {});
    t.after(() => slow.destroy());
    slow.flushHeaders();
    await once(slow, 'continue');
    for (let round = 0; round < 3; round += 1) {
      assert.equal((await fetch(`${own.url}/healthz`)).status, 200);
      assert.equal((await fetch(`${own.url}/readyz`)).status, 200);
      assert.equal((await post(own.url, otlpRequest(otlpSpan('D2')))).status, 503);
    }
    assert.equal(own.logLines.filter((line) => line.includes('connections are refused')).length, 1);
    slow.end(
      JSON.stringify(otlpRequest(otlpSpan('D2')))
        .padEnd(400)
        .slice(0, 400),
    );
    await once(slow, 'response');
    await poll(async () => (await post(own.url, otlpRequest(otlpSpan('D2')))).status === 200, {
      what: 'the place is free again',
    });
  });
});

describe('a body without an end is cut off', () => {
  for (const path of ['/v1/traces', '/v1/logs', '/nothing'])
    test(`at ${path}, with a wrong token or none asked`, async (t) => {
      const own = await startReceiver(t, await postgres.createMigrated(), {
        maxBodyBytes: 100_000,
        ...(path === '/v1/traces' && { authToken: 'a token that is long' }),
      });
      const socket = openSocket(own.url);
      t.after(() => socket.destroy());
      const endless = () => {
        while (socket.write(`1000\r\n${'x'.repeat(0x1000)}\r\n`));
      };
      socket.write(
        `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`,
      );
      socket.on('drain', endless);
      endless();
      socket.resume();
      await poll(() => socket.closed, { what: 'the connection is cut' });
    });
});

describe('on loopback without a token', () => {
  test('a page whose name resolves to this machine reaches neither spans nor metrics', async (t) => {
    const { url } = await startReceiver(t, await postgres.createMigrated());
    const { port } = new URL(url);
    for (const host of [
      `attacker.example:${port}`,
      'attacker.example',
      '192.0.2.7',
      'localhost.attacker.example',
    ])
      for (const path of ['/v1/traces', '/v1/logs', '/metrics'])
        assert.equal(
          await statusOf(url, path, { host }),
          path === '/metrics' ? 403 : 405,
          `${path} of ${host}`,
        );
    assert.equal((await post(url, '{}', { origin: 'http://attacker.example' })).status, 403);
    assert.equal((await post(url, '{}', { origin: 'null' })).status, 403);
  });

  test('programs of this machine do, by any of its names, and its own pages', async (t) => {
    const { url } = await startReceiver(t, await postgres.createMigrated(), {
      allowedHosts: ['Agent.internal'],
    });
    const { port } = new URL(url);
    for (const host of [
      `127.0.0.1:${port}`,
      'localhost',
      `LOCALHOST:${port}`,
      '[::1]:4318',
      'agent.internal',
    ])
      assert.equal(await statusOf(url, '/metrics', { host }), 200, host);
    assert.equal(await statusOf(url, '/metrics', { host: 'localhost:1', origin: 'http://localhost:1' }), 200);
  });

  test('with a token any name is served: the token is the proof', async (t) => {
    const { url } = await startReceiver(t, await postgres.createMigrated(), {
      authToken: 'a token that is long',
    });
    const authorization = 'Bearer a token that is long';
    assert.equal(await statusOf(url, '/metrics', { host: 'earshot.example', authorization }), 200);
  });
});

test('with a port of their own, the metrics are there alone, and the probes at both', async (t) => {
  const { url, receiver } = await startReceiver(t, await postgres.createMigrated(), { adminPort: 0 });
  const adminUrl = receiver.adminUrl ?? '';
  const status = async (at: string) => (await fetch(at)).status;
  assert.deepEqual(
    [
      await status(`${url}/metrics`),
      await status(`${adminUrl}/metrics`),
      await status(`${adminUrl}/v1/traces`),
    ],
    [404, 200, 404],
  );
  assert.deepEqual([await status(`${url}/healthz`), await status(`${adminUrl}/healthz`)], [200, 200]);
});

test('a sender that dribbles is cut off, in the head and in the body', async (t) => {
  const own = await startReceiver(t, await postgres.createMigrated(), {
    headersTimeoutMs: 200,
    requestTimeoutMs: 400,
  });
  const head =
    'POST /v1/traces HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 100\r\n';
  for (const sent of [head, `${head}\r\n{`]) {
    const socket = openSocket(own.url).setEncoding('utf8');
    let received = '';
    socket.on('data', (text) => {
      received += text;
    });
    socket.write(sent);
    await poll(() => socket.closed, { what: 'the connection is cut' });
    assert.match(received, /^HTTP\/1\.1 408 /);
  }
});
