import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect as connectSocket } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { finalizeEndedCalls } from '../../../cli/finalize.ts';
import { proveOne } from '../../../cli/verify/prove.ts';
import { isRefusal } from '../../../exporter/acoustics/call-proof.ts';
import { LiveKitKeys } from '../../../exporter/receiver/livekit/keys.ts';
import type { ReceiverOptions } from '../../../exporter/receiver/receiver.ts';
import { callKey, Journal } from '../../../exporter/store/index.ts';
import { readSettings } from '../../../model/settings.ts';
import { openKept } from '../../../recordings/kept.ts';
import { callFolder, callPath } from '../../../recordings/names.ts';
import { factsOf, SCENES, soundOf, startOf } from '../../support/acoustics.ts';
import { KEY, livekitToken } from '../../support/livekit-upload/token.ts';
import { oggOpus, recordingForm, recordingHeader, upload } from '../../support/livekit-upload/upload.ts';
import { startReceiver, startServe, untilReady } from '../../support/otlp-server.ts';
import { poll } from '../../support/poll.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { connect, journalSize } from '../../support/processors.ts';
import { startS3 } from '../../support/simulators/s3.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

let postgres: TestPostgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

const startMs = Date.now() - 60_000;
const keys = new LiveKitKeys([KEY, { key: 'APIacme', secret: 'another secret', tenant: 'acme' }]);

async function receiver(t: TestContext, options: Partial<ReceiverOptions> = {}) {
  const database = await postgres.createMigrated();
  const recordings = join(await temporaryFolder(t), 'recordings');
  const own = await startReceiver(t, database, {
    livekitKeys: keys,
    recordings: await openKept(recordings),
    ...options,
  });
  await untilReady(own.url);
  return { ...own, recordings, database };
}

/** Every file below a folder, but those that say whose call it is. */
const filesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []))
    .filter((entry) => entry.isFile() && entry.name !== 'call.json')
    .map(({ name }) => name);

const JSON_TYPE = { 'content-type': 'application/json' };
const ENDPOINTS = ['traces/otlp', 'logs/otlp', 'metrics/otlp', 'recordings'] as const;

describe('what LiveKit Agents upload is taken', () => {
  test('at each endpoint, also behind a slash too many, and also where nothing of it is kept', async (t) => {
    const { url } = await receiver(t);
    for (const kind of ['traces/otlp', 'logs/otlp', 'metrics/otlp'] as const) {
      for (const base of [url, `${url}/`]) {
        assert.equal((await upload(base, kind, '{}', JSON_TYPE)).status, 200);
        const packed = { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' };
        assert.equal((await upload(base, kind, gzipSync(new Uint8Array()), packed)).status, 200);
      }
    }
    const form = recordingForm({ jobId: 'AJ_1', history: { items: [] } });
    const answer = await upload(`${url}/`, 'recordings', form);
    assert.deepEqual([answer.status, await answer.text()], [200, '']);
  });

  test('with a recording that is whole before it is seen, is the call’s alone, and the same when it is sent again', async (t) => {
    const { url, recordings } = await receiver(t);
    const audio = new Uint8Array(oggOpus(12.5, 300_000));
    for (const round of [1, 2])
      assert.equal(
        (await upload(url, 'recordings', recordingForm({ jobId: 'AJ_1', startMs, audio }))).status,
        200,
        `round ${round}`,
      );
    assert.deepEqual(await filesIn(recordings), [`${startMs * 1_000}.ogg`]);
    const kept = await readFile(join(callFolder(recordings, 'AJ_1'), `${startMs * 1_000}.ogg`));
    assert.ok(kept.equals(audio));
  });

  test('as calls of the tenant whose key it is', async (t) => {
    const { url, recordings } = await receiver(t);
    const token = livekitToken({ iss: 'APIacme' }, { secret: 'another secret' });
    const audio = new Uint8Array(oggOpus(3));
    const form = recordingForm({ jobId: 'AJ_1', audio });
    // Its facts wait for keys with a tenant, which an operator adds.
    const answer = await upload(url, 'recordings', form, { authorization: `Bearer ${token}` });
    assert.equal(answer.status, 400, 'audio without a start');
    assert.deepEqual(await filesIn(recordings), []);
    const placed = recordingForm({ jobId: 'AJ_1', startMs, audio });
    await upload(url, 'recordings', placed, { authorization: `Bearer ${token}` });
    assert.equal((await readdir(callFolder(recordings, 'AJ_1', 'acme'))).length, 2);
  });

  test('without its audio where a session is redacted or no folder is set', async (t) => {
    const { url, recordings } = await receiver(t);
    const audio = new Uint8Array(oggOpus(3));
    const form = recordingForm({ jobId: 'AJ_1', startMs, audio, redacted: true });
    assert.equal((await upload(url, 'recordings', form)).status, 200);
    assert.deepEqual(await filesIn(recordings), []);
    const bare = await receiver(t, { recordings: undefined });
    assert.equal(
      (await upload(bare.url, 'recordings', recordingForm({ jobId: 'AJ_1', startMs, audio }))).status,
      200,
    );
  });
});

test('the silences of a session are proved by its recording: placed by the instant of its header, heard as they truly were', async (t) => {
  const { url, recordings, database } = await receiver(t);
  const db = connect(t, database);
  const settings = { ...readSettings({ env: {} }), recordings };
  const scenes = SCENES.filter(({ file }) => file.endsWith('.ogg'));
  assert.equal(scenes.length, 3);
  for (const of of scenes) {
    const jobId = `AJ_${of.name}`;
    // Turns are of its spans; that there was a call, and when, is what the upload says.
    await new Journal(db).append(factsOf(of, jobId).filter(({ type }) => type !== 'call'));
    const [startMs, durationMs] = [startOf(of) / 1_000, of.seconds * 1_000];
    const form = recordingForm({ jobId, startMs, durationMs, audio: new Uint8Array(soundOf(of)) });
    assert.equal((await upload(url, 'recordings', form)).status, 200);
  }
  await finalizeEndedCalls(db, settings, (text) => assert.fail(text));
  // The receiver's own worker may have taken one of them, and not be done.
  await poll(async () => (await db.query('SELECT 1 FROM earshot.call_queue')).length === 0);
  for (const of of scenes) {
    const { proof } = await proveOne({ db, settings, agreeing: 0.05 }, callKey(`AJ_${of.name}`), undefined);
    const [witness] = proof.witnesses;
    assert.ok(witness && !isRefusal(witness) && witness.placement.by === 'name', of.name);
    for (const [index, truth] of of.turns.entries()) {
      const turn = proof.turns.find(({ turnIndex }) => turnIndex === index + 1);
      assert.equal(turn?.reason ?? null, truth.reason, `${of.name} turn ${index + 1}`);
      const off = Math.abs((turn?.heard ?? Number.NaN) - truth.heard);
      assert.ok(
        off <= (truth.reason === 'spoke_over' ? 0.06 : 0.02),
        `${of.name} turn ${index + 1}: ${off} s`,
      );
    }
  }
});

test('the report of a long session is taken at the length that a packed body unpacks to, and no further', async (t) => {
  const { url, database } = await receiver(t, { maxBodyBytes: 1 << 18, maxInflatedBytes: 1 << 20 });
  const seconds = startMs / 1e3;
  const item = (id: string, words: string) => ({
    timeUnixNano: `${startMs}000000`,
    body: { stringValue: 'chat item' },
    attributes: [
      { key: 'job_id', value: { stringValue: 'AJ_1' } },
      {
        key: 'chat.item',
        value: {
          kvlistValue: {
            values: Object.entries({
              ...{ type: 'message', id, role: 'user', content: words },
              created_at: seconds,
            }).map(([key, value]) => ({
              key,
              value: typeof value === 'number' ? { doubleValue: value } : { stringValue: value },
            })),
          },
        },
      },
    ],
  });
  const report = (count: number) =>
    JSON.stringify({
      resourceLogs: [
        {
          scopeLogs: [
            {
              scope: { name: 'chat_history' },
              logRecords: Array.from({ length: count }, (_, index) =>
                item(`item_${index}`, 'x'.repeat(2_000)),
              ),
            },
          ],
        },
      ],
    });
  assert.equal((await upload(url, 'logs/otlp', report(300), JSON_TYPE)).status, 200);
  assert.equal(await journalSize(connect(t, database)), 300);
  assert.equal((await upload(url, 'logs/otlp', report(600), JSON_TYPE)).status, 413);
});

describe('an upload is refused', () => {
  test('with 401 at each endpoint without a token that counts, and no secret or token is logged', async (t) => {
    const { url, logLines, recordings } = await receiver(t, { authToken: 'the token of the door' });
    const expired = livekitToken({ exp: Math.floor(Date.now() / 1_000) - 3_600 });
    const tokens = ['', 'the token of the door', expired, livekitToken({}, { secret: 'a guess' })];
    for (const kind of ENDPOINTS)
      for (const token of tokens) {
        const form = recordingForm({ jobId: 'AJ_1', startMs, audio: new Uint8Array(oggOpus(2)) });
        const body = kind === 'recordings' ? form : '{}';
        const headers = { authorization: `Bearer ${token}`, ...(kind !== 'recordings' && JSON_TYPE) };
        const answer = await upload(url, kind, body, headers);
        assert.equal(answer.status, 401);
        // By these words the SDKs would turn their uploads off.
        assert.doesNotMatch(await answer.text(), /disabled/);
      }
    assert.deepEqual(await filesIn(recordings), []);
    const logged = logLines.join('\n');
    for (const secret of [KEY.secret, expired, 'the token of the door']) assert.ok(!logged.includes(secret));
  });

  test('with 401 that says what to set, where no key is known', async (t) => {
    const { url } = await receiver(t, { livekitKeys: undefined });
    const answer = await upload(url, 'logs/otlp', '{}', JSON_TYPE);
    assert.equal(answer.status, 401);
    assert.match(await answer.text(), /set LIVEKIT_API_KEY and LIVEKIT_API_SECRET/);
  });

  test('at once, when it says that it is 10 GB long', async (t) => {
    const { url } = await receiver(t);
    const request = httpRequest(`${url}/observability/recordings/v0`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${livekitToken()}`,
        'content-type': 'multipart/form-data; boundary=x',
        'content-length': 10e9,
        expect: '100-continue',
      },
    });
    request.on('error', () => {});
    request.flushHeaders();
    const status = await new Promise((resolve) =>
      request.once('response', ({ statusCode }) => resolve(statusCode)),
    );
    request.destroy();
    assert.equal(status, 413);
  });

  for (const [name, part] of [
    ['audio', 'content-disposition: form-data; name="audio"; filename="recording.ogg"'],
    ['a part without a name', 'content-type: audio/ogg'],
    ['the head of a part', 'x: '],
  ])
    test(`when ${name} has no end: nothing stays on disk, and memory stays as it is`, async (t) => {
      const maxRecordingBytes = 128 << 20;
      const { url, recordings } = await receiver(t, { maxRecordingBytes });
      const { port, hostname: host } = new URL(url);
      const socket = connectSocket(Number(port), host);
      t.after(() => socket.destroy());
      socket.on('error', () => {});
      const head = `--x\r\n${part}${name === 'the head of a part' ? '' : '\r\n\r\n'}`;
      socket.write(
        `POST /observability/recordings/v0 HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${livekitToken()}\r\n` +
          `content-type: multipart/form-data; boundary=x\r\ntransfer-encoding: chunked\r\n\r\n` +
          `${head.length.toString(16)}\r\n${head}\r\n`,
      );
      const piece = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
      const before = process.memoryUsage();
      let most = 0;
      const more = () => {
        const { heapUsed, external } = process.memoryUsage();
        most = Math.max(most, heapUsed + external - before.heapUsed - before.external);
        while (socket.write(piece));
      };
      socket.on('drain', more);
      more();
      let answer = '';
      socket.on('data', (data) => {
        answer += data;
      });
      await poll(() => socket.closed, { what: 'the connection is cut' });
      assert.match(answer, /^HTTP\/1\.1 413/);
      assert.ok(most < maxRecordingBytes / 2, `${most} bytes more`);
      await poll(async () => (await filesIn(recordings)).length === 0, { what: 'nothing on disk' });
    });

  const whole = { jobId: 'AJ_1', startMs, audio: new Uint8Array(oggOpus(2)) };
  const BAD: Readonly<Record<string, [body: () => FormData | string, status: number, type?: string]>> = {
    'no form': [() => 'nothing', 415, 'text/plain'],
    'no boundary': [() => 'nothing', 400, 'multipart/form-data'],
    'no part': [() => '--x--\r\n', 400, 'multipart/form-data; boundary=x'],
    'an end too soon': [
      () => '--x\r\ncontent-disposition: form-data; name="audio"; filename="a"\r\n\r\nOggS',
      400,
      'multipart/form-data; boundary=x',
    ],
    'no header': [
      () => {
        const form = recordingForm(whole);
        form.delete('header');
        return form;
      },
      400,
    ],
    'a header that is none': [
      () => {
        const form = recordingForm(whole);
        form.set('header', new Blob(['\xff\xff\xff']), 'header.binpb');
        return form;
      },
      400,
    ],
    'a header of no job': [() => recordingForm({ ...whole, jobId: '' }), 400],
    'a start that no session has': [() => recordingForm({ ...whole, startMs: Date.UTC(2255, 0, 1) }), 400],
    'a header of 2 MB': [() => recordingForm({ ...whole, jobId: 'J'.repeat(2 << 20) }), 413],
    'audio that is none': [() => recordingForm({ ...whole, audio: new Uint8Array(1_000) }), 400],
    'many parts': [
      () => {
        const form = recordingForm(whole);
        for (let i = 0; i < 1_000; i++) form.append('audio', new Blob(['x']), 'x');
        return form;
      },
      413,
    ],
  };
  for (const [name, [body, status, type]] of Object.entries(BAD))
    test(`with ${status} when it has ${name}, and leaves nothing`, async (t) => {
      const { url, recordings, database } = await receiver(t);
      const answer = await upload(url, 'recordings', body(), type ? { 'content-type': type } : {});
      assert.equal(answer.status, status, await answer.text());
      assert.deepEqual(await filesIn(recordings), []);
      assert.equal(await journalSize(connect(t, database)), 0);
    });

  test('of a packed log that is a bomb, as spans are', async (t) => {
    const { url } = await receiver(t);
    const bomb = gzipSync(Buffer.alloc(100 << 20));
    const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' };
    assert.equal((await upload(url, 'logs/otlp', bomb, headers)).status, 413);
    const packed = recordingForm(whole);
    assert.equal((await upload(url, 'recordings', packed, { 'content-encoding': 'gzip' })).status, 415);
  });
});

test('names of files and jobs that are paths lead nowhere', async (t) => {
  const { url, recordings } = await receiver(t);
  const jobId = '../../../../tmp/owned';
  const form = recordingForm({
    jobId,
    startMs,
    audio: new Uint8Array(oggOpus(2)),
    fileName: '../../../../etc/owned.ogg',
  });
  assert.equal((await upload(url, 'recordings', form)).status, 200);
  assert.deepEqual(await filesIn(recordings), [`${startMs * 1_000}.ogg`]);
  assert.deepEqual(JSON.parse(await readFile(join(callFolder(recordings, jobId), 'call.json'), 'utf8')), {
    call_id: jobId,
  });
});

test('a history that is not JSON, or a length that a part only claims, costs nothing of the recording', async (t) => {
  const { url, recordings } = await receiver(t);
  const boundary = 'earshot-test';
  const part = (name: string, body: Buffer | string, length: number) => [
    Buffer.from(
      `--${boundary}\r\ncontent-disposition: form-data; name="${name}"; filename="f"\r\ncontent-length: ${length}\r\n\r\n`,
    ),
    Buffer.from(body),
    Buffer.from('\r\n'),
  ];
  const body = Buffer.concat([
    ...part('header', recordingHeader({ jobId: 'AJ_1', startMs }), 3),
    ...part('chat_history', '{"items": [', 1e12),
    ...part('audio', oggOpus(2), -1),
    Buffer.from(`--${boundary}--\r\n`),
  ]);
  const type = { 'content-type': `multipart/form-data; boundary=${boundary}` };
  assert.equal((await upload(url, 'recordings', new Uint8Array(body), type)).status, 200);
  assert.equal((await filesIn(recordings)).length, 1);
});

test('a recording that cannot be committed is asked for again, in the words that the SDKs look for', async (t) => {
  const { url } = await receiver(t, {
    backend: { commit: () => Promise.reject(new Error('away')), ready: async () => true },
  });
  const form = recordingForm({
    jobId: 'AJ_1',
    startMs,
    durationMs: 1_000,
    audio: new Uint8Array(oggOpus(1)),
  });
  const answer = await upload(url, 'recordings', form);
  assert.equal(answer.status, 503);
  const body = Buffer.from(await answer.arrayBuffer());
  assert.ok(body.includes('type.googleapis.com/google.rpc.RetryInfo'));
  assert.ok(body.subarray(-4).equals(Buffer.from([0x0a, 0x02, 0x08, 0x02])), 'a Duration of two seconds');
});

test('a recording is in the bucket before the answer, or is asked for again', async (t) => {
  const s3 = await startS3(t);
  Object.assign(process.env, s3.env);
  const { place } = await openKept(`s3://${s3.bucket}/calls`);
  const waiting = join(await temporaryFolder(t), 'waiting');
  const { url } = await receiver(t, { recordings: { place, waiting } });
  const audio = new Uint8Array(oggOpus(12.5, 300_000));
  const send = () => upload(url, 'recordings', recordingForm({ jobId: 'AJ_1', startMs, audio }));
  // Each request is tried three times.
  for (let tries = 0; tries < 3; tries++) s3.fail({ method: 'PUT', when: 'before' });
  assert.equal((await send()).status, 503);
  assert.deepEqual(await filesIn(waiting), []);
  assert.equal((await send()).status, 200);
  const kept = s3.objects.get(`calls/${callPath('AJ_1')}/${startMs * 1_000}.ogg`);
  assert.ok(kept?.bytes.equals(audio));
  assert.deepEqual(await filesIn(waiting), []);
});

test('killed in the middle of an upload, a receiver leaves no call and, once it runs again, no file', async (t) => {
  const database = await postgres.createMigrated();
  const recordings = join(await temporaryFolder(t), 'recordings');
  const env = {
    DATABASE_URL: database,
    EARSHOT_RECORDINGS: recordings,
    LIVEKIT_API_KEY: KEY.key,
    LIVEKIT_API_SECRET: KEY.secret,
  };
  const first = await startServe(t, env);
  await untilReady(first.url);
  const request = httpRequest(`${first.url}/observability/recordings/v0`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${livekitToken()}`,
      'content-type': 'multipart/form-data; boundary=x',
      'content-length': 1e6,
    },
  });
  request.on('error', () => {});
  request.write('--x\r\ncontent-disposition: form-data; name="audio"; filename="a"\r\n\r\n');
  request.write(Buffer.alloc(300_000, 'x'));
  await poll(async () => (await filesIn(recordings)).length === 1, { what: 'the upload is on disk' });
  first.kill('SIGKILL');
  await first.ended;
  const another = join(recordings, '.incoming', `${hostname()}.${process.pid}.${'0'.repeat(36)}.part`);
  await writeFile(another, 'on its way in another process');
  const second = await startServe(t, env);
  await untilReady(second.url);
  await poll(async () => (await filesIn(recordings)).length === 1, { what: 'the orphan is gone' });
  assert.deepEqual(await filesIn(recordings), [another.slice(another.lastIndexOf('/') + 1)]);
  assert.equal(await journalSize(connect(t, database)), 0);
});
