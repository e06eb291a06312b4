import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { readClickHouse } from '../../../cli/clickhouse-address.ts';
import type { Database } from '../../../exporter/store/index.ts';
import { exportToClickHouse } from '../../../exporter/warehouse/index.ts';

/** Nothing is read before ClickHouse has taken the tables. */
const NO_DATABASE = {} as Database;

describe('the address of ClickHouse', () => {
  test('has a database, and user and password of its own or of the environment', () => {
    const env = { CLICKHOUSE_USER: 'anna', CLICKHOUSE_PASSWORD: 'quiet' };
    assert.deepEqual(readClickHouse('clickhouse+https://clickhouse:8443/voice', env), {
      url: new URL('https://clickhouse:8443'),
      database: 'voice',
      user: 'anna',
      password: 'quiet',
    });
    assert.deepEqual(readClickHouse('clickhouse+http://ben:l%40ud@clickhouse:8123', env), {
      url: new URL('http://clickhouse:8123'),
      user: 'ben',
      password: 'l@ud',
    });
  });

  test('is no folder, and no bucket', () => {
    for (const place of ['warehouse', 's3://bucket/clickhouse+http', 'https://clickhouse:8443', undefined])
      assert.equal(readClickHouse(place, {}), undefined);
  });

  test('that cannot be is refused, and not quoted', () => {
    assert.throws(
      () => readClickHouse('clickhouse+http://ben:loud@:8123', {}),
      ({ message }: Error) => /expected clickhouse\+https/.test(message) && !message.includes('loud'),
    );
  });
});

describe('an export to ClickHouse', () => {
  test('that is refused says what ClickHouse calls the error, and quotes no row', async (t) => {
    const url = await answering(
      t,
      "Code: 27. DB::Exception: Cannot parse input: before: 'my card is 4111'. (CANNOT_PARSE_INPUT_ASSERTION_FAILED) (version 26.9)",
    );
    await assert.rejects(exportToClickHouse(NO_DATABASE, { to: { url }, since: 0 }), {
      name: 'ClickHouseError',
      message: `${url.origin} refused CREATE TABLE: CANNOT_PARSE_INPUT_ASSERTION_FAILED.`,
    });
  });

  test('that nothing answers says so', async () => {
    await assert.rejects(
      exportToClickHouse(NO_DATABASE, { to: { url: new URL('http://127.0.0.1:1') }, since: 0 }),
      {
        message: /^http:\/\/127\.0\.0\.1:1 did not answer \(\w+\)\.$/,
      },
    );
  });
});

/** A server that refuses everything with these words, until the test ends. */
async function answering(t: TestContext, words: string): Promise<URL> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(500).end(words);
  }).listen(0, '127.0.0.1');
  t.after(() => server.close().closeAllConnections());
  await once(server, 'listening');
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}
