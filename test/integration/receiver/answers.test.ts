import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect as connectSocket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import protobuf from 'protobufjs/minimal.js';
import { attribute, otlpRequest, otlpSpan, post } from '../../support/otlp-request.ts';
import { startReceiver, type TestReceiver, untilReady } from '../../support/otlp-server.ts';
import { poll } from '../../support/poll.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';

const MAX_BODY = 100_000;
const MAX_INFLATED = 300_000;
const PROTOBUF = 'application/x-protobuf';

let postgres: TestPostgres;
let server: TestReceiver;
const stops: (() => unknown)[] = [];
const suite = { after: (stop: () => unknown) => void stops.unshift(stop) } as Parameters<
  typeof startReceiver
>[0];

before(async () => {
  postgres = await startPostgres();
  server = await startReceiver(suite, await postgres.createMigrated(), {
    maxBodyBytes: MAX_BODY,
    maxInflatedBytes: MAX_INFLATED,
    maxRequestSpans: 50,
  });
  await untilReady(server.url);
});
after(async () => {
  for (const stop of stops) await stop();
  await postgres.stop();
});

/** A `google.rpc.Status`: its code and its message. */
function statusOf(body: Buffer): { code: number; message: string } {
  const reader = protobuf.Reader.create(body);
  const status = { code: 0, message: '' };
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 8) status.code = reader.int32();
    else status.message = reader.string();
  }
  return status;
}

describe('200', () => {
  test('answers JSON with an empty object', async () => {
    const answer = await post(server.url, otlpRequest(otlpSpan('A1')));
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'application/json');
    assert.deepEqual(await answer.json(), {});
  });

  test('answers protobuf with an empty message', async () => {
    const answer = await post(server.url, new Uint8Array(), { 'content-type': PROTOBUF });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), PROTOBUF);
    assert.equal((await answer.arrayBuffer()).byteLength, 0);
  });

  test('takes a charset, gzip, deflate and chunks', async () => {
    const json = JSON.stringify(otlpRequest(otlpSpan('A2')));
    const type = { 'content-type': 'application/json; charset=utf-8' };
    assert.equal((await post(server.url, json, type)).status, 200);
    assert.equal((await post(server.url, gzipSync(json), { 'content-encoding': 'gzip' })).status, 200);
    assert.equal((await post(server.url, deflateSync(json), { 'content-encoding': 'deflate' })).status, 200);
    const chunked = httpRequest(`${server.url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
    });
    chunked.write(json.slice(0, 10));
    chunked.end(json.slice(10));
    const [response] = await once(chunked, 'response');
    response.resume();
    assert.equal(response.statusCode, 200);
  });

  test('asks for the body of a client that waits to be asked', async () => {
    const json = JSON.stringify(otlpRequest(otlpSpan('A3')));
    const client = httpRequest(`${server.url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': json.length, expect: '100-continue' },
    });
    client.flushHeaders();
    await once(client, 'continue');
    client.end(json);
    const [response] = await once(client, 'response');
    response.resume();
    assert.equal(response.statusCode, 200);
  });

  test('says how many spans it refused, and why, in both encodings', async () => {
    const request = otlpRequest(
      otlpSpan('A4'),
      otlpSpan('A4', { spanId: '' }),
      otlpSpan('A4', { traceId: 'x' }),
    );
    const answer = await post(server.url, request);
    assert.equal(answer.status, 200);
    assert.deepEqual(await answer.json(), {
      partialSuccess: { rejectedSpans: '2', errorMessage: 'invalid_id: 2' },
    });
    // One span with no ids: resource_spans { scope_spans { spans {} } }.
    const empty = await post(server.url, Buffer.from([0x0a, 4, 0x12, 2, 0x12, 0]), {
      'content-type': PROTOBUF,
    });
    const reader = protobuf.Reader.create(Buffer.from(await empty.arrayBuffer()));
    assert.equal(reader.uint32(), 0x0a);
    reader.uint32();
    assert.equal(reader.uint32(), 0x08);
    assert.equal(reader.uint32(), 1);
    assert.equal(reader.uint32(), 0x12);
    assert.equal(reader.string(), 'invalid_id: 1');
  });

  test('takes spans that are not of a call, and keeps none of them', async () => {
    const before = server.metrics.totals.accepted;
    const answer = await post(server.url, otlpRequest(otlpSpan('', { name: 'GET /', attributes: [] })));
    assert.deepEqual([answer.status, await answer.json()], [200, {}]);
    assert.equal(server.metrics.totals.accepted, before);
  });

  for (const path of ['/v1/metrics', '/v1/logs'])
    test(`takes what comes to ${path} and forgets it`, async () => {
      assert.deepEqual(await (await post(server.url, { anything: [] }, {}, path)).json(), {});
      const binary = await post(server.url, Buffer.alloc(50_000), { 'content-type': PROTOBUF }, path);
      assert.deepEqual([binary.status, binary.headers.get('content-type')], [200, PROTOBUF]);
    });
});

describe('errors', () => {
  test('400 with the reason for a body that is not what it says, as a google.rpc.Status', async () => {
    const json = await post(server.url, '{"resourceSpans":[{');
    assert.equal(json.status, 400);
    assert.deepEqual(await json.json(), { code: 3, message: 'the body is not JSON' });
    const binary = await post(server.url, Buffer.from([0x0a, 0xff]), { 'content-type': PROTOBUF });
    assert.equal(binary.status, 400);
    assert.equal(binary.headers.get('content-type'), PROTOBUF);
    assert.equal(statusOf(Buffer.from(await binary.arrayBuffer())).code, 3);
  });

  test('400 for gzip that is cut off or none', async () => {
    const packed = gzipSync(JSON.stringify(otlpRequest(otlpSpan('A5'))));
    for (const body of [packed.subarray(0, packed.length - 9), Buffer.from('not gzip'), Buffer.alloc(0)])
      assert.equal((await post(server.url, body, { 'content-encoding': 'gzip' })).status, 400);
  });

  test('400 for the wrong types, and for nesting no span is lost', async () => {
    assert.equal((await post(server.url, { resourceSpans: 5 })).status, 400);
    const deep = `${'{"arrayValue":{"values":['.repeat(3_000)}${']}}'.repeat(3_000)}`;
    const span = otlpSpan('A6', { attributes: [attribute('voice.call.id', { stringValue: 'A6' })] });
    const body = JSON.stringify(otlpRequest(span)).replace(
      '"attributes":[{"key":"voice.call.id"',
      `"attributes":[{"key":"x","value":${deep}},{"key":"voice.call.id"`,
    );
    assert.equal((await post(server.url, body)).status, 200);
  });

  test('401 is for servers with a token only', async (t) => {
    const guarded = await startReceiver(t, await postgres.createMigrated(), { authToken: 's3cret' });
    await untilReady(guarded.url);
    const body = otlpRequest(otlpSpan('A7'));
    const none = await post(guarded.url, body);
    assert.deepEqual([none.status, none.headers.get('www-authenticate')], [401, 'Bearer']);
    assert.equal((await post(guarded.url, body, { authorization: 'Bearer wrong' })).status, 401);
    assert.equal((await post(guarded.url, body, { authorization: 'Bearer s3cret' })).status, 200);
    assert.equal((await fetch(`${guarded.url}/metrics`)).status, 401);
    assert.equal((await fetch(`${guarded.url}/healthz`)).status, 200);
    assert.equal(
      guarded.logLines.some((line) => line.includes('s3cret') || line.includes('wrong')),
      false,
    );
  });

  test('404 elsewhere, 405 for another method', async () => {
    for (const path of ['/', '/v1/traces/', '/v1/profiles', '/__proto__', '/toString'])
      assert.equal((await post(server.url, {}, {}, path)).status, 404, path);
    const wrong = await fetch(`${server.url}/v1/traces`);
    assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'POST']);
    assert.equal((await fetch(`${server.url}/metrics`, { method: 'DELETE' })).status, 405);
  });

  test('411 without a length', async () => {
    const { port, hostname } = new URL(server.url);
    const socket = connectSocket(Number(port), hostname);
    socket.write('POST /v1/traces HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n\r\n');
    const [head] = await once(socket.setEncoding('utf8'), 'data');
    socket.destroy();
    assert.match(head, /^HTTP\/1\.1 411 /);
  });

  test('413 for a body that is too long, as stated or as it comes', async () => {
    assert.equal((await post(server.url, Buffer.alloc(MAX_BODY + 1, ' '))).status, 413);
    const chunked = httpRequest(`${server.url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
    });
    chunked.on('error', () => {});
    chunked.write(Buffer.alloc(MAX_BODY, ' '));
    chunked.write(Buffer.alloc(MAX_BODY, ' '));
    const [response] = await once(chunked, 'response');
    assert.equal(response.statusCode, 413);
    chunked.destroy();
  });

  test('413 for a bomb, unpacked no further than the limit', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '));
    assert.ok(bomb.length < MAX_BODY);
    const before = process.memoryUsage().arrayBuffers;
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => post(server.url, bomb, { 'content-encoding': 'gzip' })),
    );
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([413]));
    assert.ok(process.memoryUsage().arrayBuffers - before < 20 * 2 * MAX_INFLATED + 8_000_000);
  });

  test('413 for too many spans', async () => {
    const spans = Array.from({ length: 51 }, () => otlpSpan('A8'));
    assert.equal((await post(server.url, otlpRequest(...spans))).status, 413);
  });

  test('415 for other types and packings', async () => {
    for (const headers of [
      { 'content-type': 'text/plain' },
      { 'content-type': '' },
      { 'content-encoding': 'br' },
      { 'content-encoding': 'gzip, gzip' },
    ])
      assert.equal((await post(server.url, '{}', headers)).status, 415, JSON.stringify(headers));
  });

  test('503 with a time to come back while too many bytes are under way, and 200 after', async (t) => {
    const small = await startReceiver(t, await postgres.createMigrated(), { maxInFlightBytes: 50_000 });
    await untilReady(small.url);
    const slow = httpRequest(`${small.url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': 40_000, expect: '100-continue' },
    });
    slow.flushHeaders();
    await once(slow, 'continue');
    const body = JSON.stringify(otlpRequest(otlpSpan('A9'))).padEnd(30_000);
    const answer = await post(small.url, body);
    assert.deepEqual([answer.status, answer.headers.get('retry-after')], [503, '1']);
    slow.end(
      JSON.stringify(otlpRequest(otlpSpan('A9')))
        .padEnd(39_999)
        .slice(0),
    );
    const [response] = await once(slow, 'response');
    response.resume();
    assert.equal((await post(small.url, body)).status, 200);
  });
});

test('one connection serves many requests, errors among them', async () => {
  const { port, hostname } = new URL(server.url);
  const socket = connectSocket(Number(port), hostname).setEncoding('utf8');
  let received = '';
  socket.on('data', (text) => {
    received += text;
  });
  const send = (body: string) =>
    socket.write(
      `POST /v1/traces HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
  for (const body of ['{}', '{', '{}']) send(body);
  await poll(() => (received.match(/HTTP\/1\.1/g) ?? []).length >= 3, { what: 'three answers' });
  socket.destroy();
  assert.deepEqual(received.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 400', 'HTTP/1.1 200']);
});

test('a sender that goes away in the middle leaves nothing behind', async (t) => {
  const own = await startReceiver(t, await postgres.createMigrated(), { maxInFlightBytes: 50_000 });
  await untilReady(own.url);
  const body = JSON.stringify(otlpRequest(otlpSpan('B1'))).padEnd(40_000);
  for (let round = 0; round < 5; round += 1) {
    const client = httpRequest(`${own.url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': 40_000, expect: '100-continue' },
    });
    client.on('error', () => {});
    client.flushHeaders();
    // It is asked for its body once there is room for it.
    await once(client, 'continue');
    assert.equal((await post(own.url, body)).status, 503);
    client.destroy();
    await poll(async () => (await post(own.url, body)).status === 200, { what: 'the room is free again' });
  }
});
