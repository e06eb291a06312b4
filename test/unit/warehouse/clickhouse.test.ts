import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { readClickHouse } from '../../../cli/clickhouse-address.ts';
import type { Database } from '../../../exporter/store/index.ts';
import { lackingStatements } from '../../../exporter/warehouse/clickhouse-table.ts';
import { type ClickHouse, exportToClickHouse } from '../../../exporter/warehouse/index.ts';

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

  test('that cannot be, or has a part that would not count, is refused, and not quoted', () => {
    for (const address of [
      'clickhouse+http://ben:loud@:8123',
      'clickhouse+http://ben:lo%ud@clickhouse:8123',
      'clickhouse+https://ben:loud@clickhouse:8443/voice/calls',
      'clickhouse+https://ben:loud@clickhouse:8443/vo%ice',
      'clickhouse+https://ben:loud@clickhouse:8443/voice?secure=true',
      'clickhouse://ben:loud@clickhouse:9000/voice',
      'ClickHouse+HTTPS://ben:loud@clickhouse:8443/voice',
    ])
      assert.throws(
        () => readClickHouse(address, {}),
        ({ message }: Error) => /expected clickhouse\+https/.test(message) && !message.includes('lo'),
        address,
      );
  });

  test('may be IPv6, end in a slash and have characters of any kind', () => {
    assert.deepEqual(readClickHouse('clickhouse+http://b%C3%A9n:l%3Au%2Fd@[::1]:8123/vo%20ice/', {}), {
      url: new URL('http://[::1]:8123'),
      database: 'vo ice',
      user: 'bén',
      password: 'l:u/d',
    });
  });
});

describe('an export to ClickHouse', () => {
  const exporting = (to: ClickHouse) => exportToClickHouse(NO_DATABASE, { to, since: 0 });

  test('that is refused says what ClickHouse calls the error, and quotes no row', async (t) => {
    for (const version of ['', ' (version 26.9.2.1 (official build))\n']) {
      const words = `Code: 499. DB::Exception: Cannot parse input: before: 'my (CARD_IS) 4111'. (S3_ERROR)${version}`;
      // The status is sent before what goes wrong later.
      for (const status of [500, 200]) {
        const { url } = await answering(t, { status, words });
        await assert.rejects(exporting({ url }), {
          name: 'ClickHouseError',
          message: `${url.origin} refused SELECT: S3_ERROR.`,
        });
      }
    }
  });

  test('is not taken by what answers and is no ClickHouse', async (t) => {
    for (const words of ['<html>\n<p>Sign in first.</p>\n</html>\n', 'ok', 'Ok.\n']) {
      const { url } = await answering(t, { status: 200, words });
      await assert.rejects(exporting({ url }), {
        message: `${url.origin} refused SELECT: an answer that is none of ClickHouse.`,
      });
    }
    const { url } = await answering(t, { status: 302, words: '', location: 'http://127.0.0.1:1/' });
    await assert.rejects(exporting({ url }), { message: `${url.origin} refused SELECT: status 302.` });
  });

  test('that ends in the middle of an answer, or that nothing answers, says so', async (t) => {
    const { url } = await answering(t, { status: 200, words: 'call_turns', length: 100 });
    for (const origin of [url.origin, 'http://127.0.0.1:1'])
      await assert.rejects(exporting({ url: new URL(origin) }), {
        name: 'ClickHouseError',
        message: /^http:\/\/127\.0\.0\.1:\d+ did not answer \(\w+\)\.$/,
      });
  });

  test('has user and password of any characters, and connections that wait for nothing', async (t) => {
    const { url, requests } = await answering(t, { status: 403, words: '' });
    await assert.rejects(exporting({ url, user: 'bén', password: '€:\n ' }));
    await assert.rejects(exporting({ url, password: 'quiet' }));
    await assert.rejects(exporting({ url }));
    const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
    assert.deepEqual(
      requests.map(({ authorization }) => authorization),
      [basic('bén:€:\n '), basic('default:quiet'), undefined],
    );
    assert.ok(requests.every(({ connection }) => connection === 'close'));
  });

  test('makes only what is not there', () => {
    const columns = [
      ...lackingStatements([])
        .join('\n')
        .matchAll(/^ {2}(\w+) /gm),
    ].map(([, name]) => name ?? '');
    const exported = ['since_us', 'until_us'].map((name) => ['call_turns_exported', name]);
    const has = (names: readonly string[]) =>
      ['call_turns', 'call_turns_now'].flatMap((table) => names.map((name) => [table, name]));
    assert.ok(columns.includes('call_cost_total'));
    assert.deepEqual(lackingStatements([...has(columns), ...exported]), []);
    const [added, view, ...others] = lackingStatements([...has(columns.slice(0, -1)), ...exported]);
    assert.equal(added, "ALTER TABLE call_turns ADD COLUMN IF NOT EXISTS finalized_at DateTime64(6, 'UTC')");
    assert.match(view ?? '', /^CREATE OR REPLACE VIEW /);
    assert.deepEqual(others, []);
  });
});

interface Answer {
  status: number;
  words: string;
  location?: string;
  /** That is promised. (Default: that of the words.) */
  length?: number;
}

/** A server that answers everything so, until the test ends. */
async function answering(t: TestContext, { status, words, location, length }: Answer) {
  const requests: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    requests.push(request.headers);
    request.resume();
    response.writeHead(status, {
      ...(location !== undefined && { location }),
      'content-length': length ?? Buffer.byteLength(words),
    });
    if (length === undefined) response.end(words);
    else response.write(words, () => response.destroy());
  }).listen(0, '127.0.0.1');
  t.after(() => server.close().closeAllConnections());
  await once(server, 'listening');
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), requests };
}
