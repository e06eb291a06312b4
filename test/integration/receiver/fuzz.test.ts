import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { after, before, test } from 'node:test';
import { DEFAULT_LIMITS, MalformedError, TooLargeError } from '../../../exporter/receiver/decode/limits.ts';
import { readTraceRequest } from '../../../exporter/receiver/trace-request.ts';
import { fuzzOtlp } from '../../support/fuzz-otlp.ts';
import { startServe, untilReady } from '../../support/otlp-server.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';

/** `EARSHOT_FUZZ_CASES`: how many; the full suite asks for 200 000. `EARSHOT_FUZZ_FROM`: the first, to see one again. */
const CASES = Number(process.env.EARSHOT_FUZZ_CASES ?? 4_000);
const FROM = Number(process.env.EARSHOT_FUZZ_FROM ?? 0);
const CONNECTIONS = 8;
/** From the first quarter to the end. A server that keeps what it reads grows more in 4,000 cases. */
const MAX_GROWTH_BYTES = 64 * 1_024 * 1_024;

let postgres: TestPostgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

test('whatever the bytes are, the decoders give spans or say what is wrong', () => {
  for (let number = FROM; number < FROM + CASES; number += 1) {
    const { how, contentType, contentEncoding, body } = fuzzOtlp(number);
    if (contentEncoding !== undefined) continue;
    try {
      readTraceRequest(body, contentType === 'application/json' ? 'json' : 'protobuf', DEFAULT_LIMITS, {
        captureContent: true,
      });
    } catch (error) {
      assert.ok(
        error instanceof MalformedError || error instanceof TooLargeError,
        `case ${number} (${how}): ${error}`,
      );
    }
  }
});

test('no body makes the server fail, end or grow', { timeout: 3_600_000 }, async (t) => {
  const serve = await startServe(t, {
    DATABASE_URL: await postgres.createMigrated(),
    // Garbage is collected before it looks like growth.
    NODE_OPTIONS: '--max-old-space-size=128',
  });
  await untilReady(serve.url);
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  t.after(() => agent.destroy());
  const counts = new Map<number, number>();
  let next = FROM;
  let quarterBytes = Number.NaN;
  const worker = async () => {
    for (let number = next++; number < FROM + CASES; number = next++) {
      const status = await send(serve.url, agent, number);
      counts.set(status, (counts.get(status) ?? 0) + 1);
      if (number - FROM === CASES >> 2) quarterBytes = await residentBytes(serve.pid);
      assert.ok(
        [200, 400, 413, 415].includes(status),
        `case ${number} (${fuzzOtlp(number).how}) was answered ${status}`,
      );
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  const grownBytes = (await residentBytes(serve.pid)) - quarterBytes;
  assert.ok(grownBytes < MAX_GROWTH_BYTES, `grown by ${grownBytes} bytes`);
  assert.ok((counts.get(200) ?? 0) > 0 && (counts.get(400) ?? 0) > 0, JSON.stringify([...counts]));
  assert.equal((await fetch(`${serve.url}/healthz`)).status, 200);
  t.diagnostic(`answers: ${JSON.stringify(Object.fromEntries(counts))}`);
  assert.equal(
    serve.lines().some(({ level }) => level === 'error'),
    false,
  );
});

/** Memory of a process; 0 where the system does not say. */
async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1_024;
}

function send(url: string, agent: Agent, number: number): Promise<number> {
  const { contentType, contentEncoding, body } = fuzzOtlp(number);
  return new Promise((resolve, reject) => {
    const client = request(`${url}/v1/traces`, {
      method: 'POST',
      agent,
      headers: {
        'content-type': contentType,
        'content-length': body.length,
        ...(contentEncoding !== undefined && { 'content-encoding': contentEncoding }),
      },
    });
    client.once('error', reject);
    client.once('response', (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
    });
    client.end(body);
  });
}
