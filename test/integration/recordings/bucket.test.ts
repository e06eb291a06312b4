import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setRecordings, startRecording } from '../../../instrumentation/sdks/kit/recording/recordings.ts';
import { startRecordings } from '../../../instrumentation/start/recordings.ts';
import { IncomingRecording } from '../../../recordings/incoming.ts';
import { type Kept, openKept, probeKept, waitingFolder } from '../../../recordings/kept.ts';
import { callPath } from '../../../recordings/names.ts';
import { Outbox } from '../../../recordings/outbox.ts';
import { listRecordings } from '../../../recordings/recordings.ts';
import { sweepRecordings } from '../../../recordings/sweep.ts';
import { sendPeaks, sendSound } from '../../../ui/server/sound.ts';
import { oggOpus } from '../../support/livekit-upload/upload.ts';
import { poll } from '../../support/poll.ts';
import { writeRecording } from '../../support/recordings/write.ts';
import { startS3 } from '../../support/simulators/s3.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { filesBelow } from '../../support/warehouse.ts';

const DAY_MS = 86_400_000;
/** No system has so many. */
const NO_PROCESS = 99_999_999;
const nowMs = Date.now();
const daysAgoUs = (days: number) => Math.round((nowMs - days * DAY_MS) * 1_000);

async function bucket(t: TestContext) {
  const s3 = await startS3(t);
  Object.assign(process.env, s3.env);
  const { place } = await openKept(`s3://${s3.bucket}/calls`);
  return { ...s3, kept: { place, waiting: join(await temporaryFolder(t), 'waiting') } satisfies Kept };
}

test('a place that cannot be used is told at once; one that is away may come back', async (t) => {
  const { bucket: name, env, fail } = await bucket(t);
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'file'), '');
  const probed = async (place: string, more: Record<string, string> = {}) => {
    Object.assign(process.env, env, more);
    const away: unknown[] = [];
    await probeKept({ ...(await openKept(place)), waiting: folder }, (error) => away.push(error));
    return away.length;
  };
  assert.equal(await probed(join(folder, 'new', 'place')), 0);
  assert.equal(await probed(`s3://${name}/calls`), 0);
  await assert.rejects(probed(join(folder, 'file')), /file cannot be used \(ENOTDIR\)/);
  await assert.rejects(probed('/proc/x/y'), /\/proc\/x\/y cannot be used \(ENOENT\)/);
  await assert.rejects(probed('gs://bucket'), /expected a folder or s3:\/\//);
  const other = { AWS_ACCESS_KEY_ID: 'other' };
  await assert.rejects(probed(`s3://${name}`, other), /cannot be used \(AccessDenied\)/);
  for (let tries = 0; tries < 3; tries++) fail({ method: 'GET', when: 'before' });
  assert.equal(await probed(`s3://${name}`), 1);
  assert.equal(await probed(`s3://${name}`, { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1' }), 1);
});

test('a recording that comes in is in the bucket when it is whole, and played from there in parts', async (t) => {
  const { kept, objects } = await bucket(t);
  const { place, waiting } = kept;
  const audio = oggOpus(12.5, 300_000);
  const incoming = new IncomingRecording(kept);
  const file = await incoming.open();
  file.end(audio);
  await once(file, 'close');
  assert.equal((await readdir(waiting)).length, 1);
  assert.ok(await incoming.isWhole());
  assert.equal(objects.size, 0);
  const startUs = daysAgoUs(1);
  await incoming.keep('AJ_1', startUs, 'acme');
  assert.deepEqual(await readdir(waiting), []);
  const folder = callPath('AJ_1', 'acme');
  assert.deepEqual([...objects.keys()].sort(), [
    `calls/${folder}/${startUs}.ogg`,
    `calls/${folder}/call.json`,
  ]);

  const [recording, ...others] = await listRecordings(place, folder);
  assert.ok(recording && others.length === 0);
  assert.deepEqual([recording.startUs, recording.format, recording.bytes], [startUs, 'ogg', audio.length]);
  assert.equal(Math.round(recording.seconds * 10), 125);
  assert.deepEqual(await listRecordings(place, folder, startUs + 1), []);

  const server = createServer((request, response) => void sendSound(request, response, place, recording));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const part = await fetch(url, { headers: { range: 'bytes=1000-1999' } });
  assert.equal(part.status, 206);
  assert.ok(Buffer.from(await part.arrayBuffer()).equals(audio.subarray(1_000, 2_000)));
  assert.ok(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(audio));
});

test('a recording of an agent is sent when it is whole, and one that a killed process has left, too', async (t) => {
  const { kept, objects, fail } = await bucket(t);
  const open = new Set<string>();
  const rounds: unknown[] = [];
  const outbox = new Outbox(kept.waiting, Promise.resolve(kept.place), {
    retentionMs: 30 * DAY_MS,
    isOpen: (path) => open.has(path),
    onRound: (error) => void rounds.push(error),
  });
  await outbox.open();
  const write = (callId: string, days: number, folder = outbox.folder) =>
    writeRecording({ folder, callId, startUs: daysAgoUs(days), seconds: 2 });
  const whole = await write('CAwhole', 0);
  const growing = await write('CAgrowing', 0);
  const pathOf = (path: string) => path.slice(outbox.folder.length + 1);
  open.add(pathOf(growing.path));
  // Of a process that is no more, of one that runs, and of one whose recordings no one wants any more.
  const left = join(kept.waiting, `${hostname()}.${NO_PROCESS}.${'0'.repeat(36)}.out`);
  await mkdir(left, { mode: 0o700 });
  await write('CAleft', 1, left);
  await write('CAold', 31, left);
  const running = join(kept.waiting, `${hostname()}.${process.ppid}.${'0'.repeat(36)}.out`);
  await mkdir(running, { mode: 0o700 });
  await write('CAother', 1, running);

  for (let i = 0; i < 3; i++) fail({ method: 'PUT', when: 'before' });
  await outbox.send();
  assert.equal((rounds[0] as Error | undefined)?.name, 'SlowDown');
  await outbox.send();
  assert.equal(rounds.at(-1), undefined);
  const sent = () => new Set([...objects.keys()].map((key) => key.split('/').slice(1, 3).join('/')));
  assert.deepEqual(sent(), new Set([callPath('CAwhole'), callPath('CAleft')]));
  const stored = objects.get(`calls/${pathOf(whole.path)}`);
  assert.ok(stored?.bytes.equals(whole.bytes));
  assert.ok(!existsSync(whole.into) && existsSync(growing.path) && !existsSync(left));
  assert.equal((await readdir(kept.waiting)).length, 2);

  open.clear();
  await outbox.send();
  assert.ok(sent().has(callPath('CAgrowing')));
});

test('an agent whose recordings are named by an address records into its bucket', async (t) => {
  const { objects, bucket: name } = await bucket(t);
  t.after(() => setRecordings(undefined));
  startRecordings(`s3://${name}/calls`, 30 * DAY_MS);
  const startUs = Date.now() * 1_000;
  const recorder = await poll(() =>
    startRecording('CAagent', startUs, () => ({ bytes: Buffer.alloc(160, 1) })),
  );
  recorder.caller({}, 160, startUs / 1_000 + 100);
  recorder.close(startUs / 1_000 + 500);
  const key = `calls/${callPath('CAagent')}/${startUs}.wav`;
  const { bytes } = await poll(() => objects.get(key));
  // Half a second of two sides, and a head that says so.
  assert.deepEqual([bytes.length, bytes.readUInt32LE(46)], [58 + 8_000, 4_000]);
  assert.ok(bytes.includes(Buffer.from([1, 0xff, 1, 0xff])));
  assert.deepEqual(JSON.parse(String(objects.get(`calls/${callPath('CAagent')}/call.json`)?.bytes)), {
    call_id: 'CAagent',
  });
  await poll(
    async () =>
      !(await filesBelow(waitingFolder(`s3://${name}/calls`))).some((path) => path.includes('.wav')),
  );
});

test('what has expired goes from a bucket, and what belongs to a call that was deleted', async (t) => {
  const { kept, objects } = await bucket(t);
  const folder = await temporaryFolder(t);
  const put = async (callId: string, days: number, tenant?: string) => {
    const written = await writeRecording({
      folder,
      callId,
      startUs: daysAgoUs(days),
      seconds: 1,
      ...(tenant !== undefined && { tenant }),
    });
    for (const name of await readdir(written.into)) {
      const path = join(written.into, name);
      await rename(path, `${path}.sent`);
      await kept.place.adopt(`${path}.sent`, path.slice(folder.length + 1));
    }
  };
  await put('old', 31);
  await put('young', 2);
  await put('gone', 2);
  await put('fresh', 0.5);
  await put('gone', 2, 'acme');
  await kept.place.put('notes.txt', 'mine');
  const asked: string[] = [];
  const count = await sweepRecordings({
    place: kept.place,
    retentionMs: 30 * DAY_MS,
    deleted: async (tenant, callIds) => {
      asked.push(...callIds.map((id) => `${tenant}/${id}`));
      return new Set(tenant === 'default' ? ['gone'] : []);
    },
  });
  assert.equal(count, 2);
  assert.deepEqual(asked.sort(), ['acme/gone', 'default/gone', 'default/young']);
  const left = new Set([...objects.keys()].map((key) => key.replace(/\/[^/]*$/, '')));
  assert.deepEqual(
    left,
    new Set([
      'calls',
      ...[callPath('young'), callPath('fresh'), callPath('gone', 'acme')].map((p) => `calls/${p}`),
    ]),
  );
});

test('how loud a recording of a bucket is is worked out once, and kept beside it', async (t) => {
  const { kept, requests, objects } = await bucket(t);
  const folder = await temporaryFolder(t);
  const written = await writeRecording({ folder, callId: 'CA1', startUs: daysAgoUs(1), seconds: 4 });
  await kept.place.adopt(written.path, written.path.slice(folder.length + 1));
  const [recording] = await listRecordings(kept.place, callPath('CA1'));
  assert.ok(recording);
  const server = createServer(
    (request, response) => void sendPeaks(request, response, kept.place, recording),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const ask = async () =>
    Buffer.from(
      await (await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)).arrayBuffer(),
    );
  const first = await ask();
  assert.deepEqual([first.length, first[0], first[1], first[100], first[101]], [400, 250, 0, 0, 250]);
  assert.ok([...objects.keys()].some((key) => key.endsWith('.wav.peaks')));
  const before = requests.length;
  assert.deepEqual(await ask(), first);
  assert.ok(!requests.slice(before).some((request) => /\.wav$/.test(request)));
});
