import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { keyOf } from '../../../exporter/store/index.ts';
import type { CallRows } from '../../../model/rows.ts';
import { callFolder, recordingName } from '../../../recordings/names.ts';
import type { CallAnswer, HeardAnswer } from '../../../ui/shared/api.ts';
import { loudestIn } from '../../../ui/shared/peaks.ts';
import { callAddress } from '../../../ui/shared/query.ts';
import { keepSound, scene, soundOf, startOf, writeCalls } from '../../support/acoustics.ts';
import { oggOpus } from '../../support/livekit-upload/upload.ts';
import { type PageUnderTest, startPage } from '../../support/page.ts';
import { fillTenants } from '../../support/page-tenants.ts';
import { toneInOgg, withoutFfmpeg } from '../../support/recordings/ffmpeg.ts';
import { writeRecording } from '../../support/recordings/write.ts';

const UNTIL_US = Date.parse('2026-11-20T12:00:00Z') * 1_000;

/** A call whose recording has a truth. */
const TRUE_CALL = scene('journal');

describe('the sound of calls on the page, where two tenants have calls of the same ids', () => {
  let page: PageUnderTest;
  let folder: string;
  let rows: CallRows[] = [];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'earshot-sound-'));
    page = await startPage(
      async (db) => {
        rows = await fillTenants(db, { calls: 2, untilUs: UNTIL_US });
        await writeCalls(db, TRUE_CALL, ['CA-true', 'CA-unheard']);
      },
      { EARSHOT_RECORDINGS: folder },
    );
  });
  after(async () => {
    await page.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const of = (tenant: string, index = 0) => {
    const found = rows.filter(({ metrics }) => metrics.tenant === tenant)[index];
    assert.ok(found);
    return found.metrics;
  };
  const ask = (path: string, init: RequestInit = {}) => fetch(`${page.url}/api${path}`, init);
  /** The call's recording, and where it is. */
  async function recorded(tenant: string, secondsLate = 0.5, index = 0) {
    const call = of(tenant, index);
    const startUs = call.started_at + secondsLate * 1e6;
    const written = await writeRecording({ folder, callId: call.call_id, startUs, tenant });
    const at = (kind: 'wav' | 'peaks', id: number | string = startUs) =>
      callAddress(call, `/sound/${id}.${kind}`);
    return { ...written, call, startUs, at };
  }

  test('a call says what there is of it and from when on, and gives it whole and in parts', async () => {
    const { bytes, call, startUs, at } = await recorded('default');
    const answer = (await (await ask(callAddress(call))).json()) as CallAnswer;
    assert.deepEqual(answer.recordings, [
      { id: String(startUs), format: 'wav', start: 0.5, seconds: 4, has_peaks: true },
    ]);
    const whole = await ask(at('wav'));
    assert.equal(whole.status, 200);
    assert.equal(whole.headers.get('content-type'), 'audio/wav');
    assert.equal(whole.headers.get('accept-ranges'), 'bytes');
    assert.equal(whole.headers.get('cache-control'), 'private, no-store');
    assert.match(whole.headers.get('content-security-policy') ?? '', /default-src 'none'.*media-src 'self'/);
    assert.ok(Buffer.from(await whole.arrayBuffer()).equals(bytes));
    for (const [range, from, to] of [
      ['bytes=0-9', 0, 10],
      ['bytes=50-99', 50, 100],
      ['bytes=58-', 58, bytes.length],
      ['bytes=1000-1000', 1_000, 1_001],
      ['bytes=-16', bytes.length - 16, bytes.length],
    ] as const) {
      const part = await ask(at('wav'), { headers: { range } });
      assert.equal(part.status, 206, range);
      assert.equal(part.headers.get('content-range'), `bytes ${from}-${to - 1}/${bytes.length}`);
      assert.ok(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(from, to)), range);
    }
    const beyond = await ask(at('wav'), { headers: { range: `bytes=${bytes.length}-` } });
    assert.equal(beyond.status, 416);
    assert.equal(beyond.headers.get('content-range'), `bytes */${bytes.length}`);
    const etag = whole.headers.get('etag') ?? '';
    const since = (value: string) => ask(at('wav'), { headers: { range: 'bytes=0-9', 'if-range': value } });
    assert.equal((await since(etag)).status, 206);
    assert.equal((await since('"1"')).status, 200);
    const head = await ask(at('wav'), { method: 'HEAD' });
    assert.equal(head.headers.get('content-length'), String(bytes.length));
    assert.equal((await ask(at('wav'), { method: 'POST' })).status, 405);
  });

  test('one that LiveKit uploaded is given as it came, in parts too', async () => {
    const call = of('default', 1);
    const startUs = call.started_at + 2_500_000;
    const bytes = oggOpus(12.5, 5_000);
    const into = callFolder(folder, call.call_id);
    await mkdir(into, { recursive: true });
    await writeFile(join(into, recordingName(startUs, 'ogg')), bytes);
    const { recordings } = (await (await ask(callAddress(call))).json()) as CallAnswer;
    assert.deepEqual(recordings, [
      { id: String(startUs), format: 'ogg', start: 2.5, seconds: 12.5, has_peaks: true },
    ]);
    const at = (kind: string) => callAddress(call, `/sound/${startUs}.${kind}`);
    const whole = await ask(at('ogg'));
    assert.equal(whole.headers.get('content-type'), 'audio/ogg');
    assert.equal(whole.headers.get('x-content-type-options'), 'nosniff');
    assert.ok(Buffer.from(await whole.arrayBuffer()).equals(bytes));
    const part = await ask(at('ogg'), { headers: { range: 'bytes=20-99' } });
    assert.ok(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(20, 100)));
    assert.equal((await ask(at('wav'))).status, 404);
    // Of what only looks like Opus nothing is heard.
    const silent = new Uint8Array(await (await ask(at('peaks'))).arrayBuffer());
    assert.ok(silent.length === 1_250 && silent.every((peak) => peak === 0));
    await rm(into, { recursive: true });
  });

  test('how loud one in Ogg is is decoded, once', { skip: withoutFfmpeg }, async () => {
    const call = of('default', 1);
    const startUs = call.started_at + 2_500_000;
    const into = callFolder(folder, call.call_id);
    await mkdir(into, { recursive: true });
    const path = join(into, recordingName(startUs, 'ogg'));
    await writeFile(path, toneInOgg(4, 1, 2));
    const peaks = async () =>
      new Uint8Array(await (await ask(callAddress(call, `/sound/${startUs}.peaks`))).arrayBuffer());
    const first = await peaks();
    assert.equal(first.length, 4 * 50 * 2);
    const loudest = (side: 0 | 1, from: number, to: number) => loudestIn(first, side, from, to) ** 2 * 255;
    // A tone of 12,000 of 32,768, from the second second on, on the agent's side alone.
    assert.ok(loudest(1, 0, 1.9) < 4 && loudest(0, 0, 4) < 4);
    assert.ok(Math.abs(loudest(1, 2.1, 4) - 94) < 12, String(loudest(1, 2.1, 4)));
    await writeFile(`${path}.peaks`, Buffer.alloc(first.length, 7));
    assert.ok((await peaks()).every((peak) => peak === 7));
    await rm(into, { recursive: true });
  });

  test('a file whose agent was killed says its length all the same', async () => {
    const { path, bytes, at } = await recorded('default', 1, 1);
    const torn = Buffer.from(bytes);
    torn.writeUInt32LE(0, 54);
    await writeFile(path, torn.subarray(0, 10_001));
    const whole = Buffer.from(await (await ask(at('wav'))).arrayBuffer());
    assert.equal(whole.length, 10_000);
    assert.equal(whole.readUInt32LE(54), 10_000 - 58);
  });

  test('how loud it is is worked out once, kept beside it, and worked out again when it has grown', async () => {
    const { path, bytes, at } = await recorded('default', 2);
    const peaks = async () => new Uint8Array(await (await ask(at('peaks'))).arrayBuffer());
    const first = await peaks();
    assert.equal(first.length, 4 * 50 * 2);
    for (const [second, side] of [
      [0.5, 0],
      [1.5, 1],
      [2.5, 0],
    ] as const) {
      assert.ok(loudestIn(first, side, second, second + 0.1) > 0.9);
      assert.equal(loudestIn(first, side === 0 ? 1 : 0, second, second + 0.1), 0);
    }
    assert.deepEqual(new Uint8Array(await readFile(`${path}.peaks`)), first);
    await writeFile(`${path}.peaks`, Buffer.alloc(first.length, 7));
    assert.ok(
      (await peaks()).every((peak) => peak === 7),
      'from the file beside it',
    );
    await writeFile(path, Buffer.concat([bytes, Buffer.alloc(16_000, 0xff)]));
    assert.equal((await peaks()).length, 5 * 50 * 2);
  });

  test('the silences of a call are heard in it, once, and each is beside what its row says', async () => {
    const path = await keepSound(folder, TRUE_CALL, 'CA-true');
    const heard = async () => (await (await ask('/calls/CA-true/heard')).json()) as HeardAnswer;
    const answer = await heard();
    assert.deepEqual([answer.compared, answer.recordings[0]?.placed_by], [TRUE_CALL.turns.length, 'name']);
    for (const [index, truth] of TRUE_CALL.turns.entries()) {
      const turn = answer.turns[index + 1];
      assert.ok(turn);
      assert.equal(turn.reason, truth.reason);
      assert.ok(Math.abs((turn.eou_latency ?? 9) - truth.eou_latency) < 1e-5);
      assert.ok(Math.abs((turn.heard ?? 9) - truth.heard) < 0.02);
      assert.ok(turn.why !== null && turn.why.length > 10);
    }
    const kept = JSON.parse(await readFile(`${path}.voice`, 'utf8'));
    kept.heard.agent.stretches = [];
    await writeFile(`${path}.voice`, JSON.stringify(kept));
    assert.equal((await heard()).compared, 0, 'from the file beside it');
    await writeFile(`${path}.voice`, '{"version":1,"heard":{}}');
    assert.deepEqual(await heard(), answer, 'what is no longer whole is worked out again');
  });

  test('where nothing can be heard it is said', async () => {
    const status = async (path: string) => (await ask(path)).status;
    assert.equal(await status('/calls/CA-unheard/heard'), 404, 'no recording');
    assert.equal(await status('/calls/CA-gone/heard'), 404, 'no call');
    assert.equal(await status('/calls/CA-true/heard?tenant=acme'), 404, 'another tenant');
    const into = callFolder(folder, 'CA-unheard');
    await mkdir(into, { recursive: true });
    const mono = soundOf(scene('street'));
    mono.writeUInt8(1, mono.indexOf('OpusHead') + 9);
    await writeFile(join(into, recordingName(startOf(TRUE_CALL), 'ogg')), mono);
    const refused = await ask('/calls/CA-unheard/heard');
    assert.equal(refused.status, 422);
    assert.match(await refused.text(), /it is mono/);
    await rm(into, { recursive: true });
  });

  test('of another tenant, of a call that is not there, or of another time there is none', async () => {
    const acme = await recorded('acme', 3);
    const own = await recorded('default', 4);
    assert.equal((await ask(acme.at('wav'))).status, 200);
    assert.equal(keyOf(acme.call) === keyOf(own.call), false);
    assert.equal((await ask(own.at('wav', acme.startUs))).status, 404, 'the file of a namesake');
    assert.equal((await ask(acme.at('wav', own.startUs))).status, 404);
    assert.equal((await ask(`/calls/${own.call.call_id}/sound/${own.startUs}.wav?tenant=beta`)).status, 404);
    const stray = await writeRecording({ folder, callId: 'stray', startUs: UNTIL_US });
    assert.ok(existsSync(stray.path));
    assert.equal((await ask(`/calls/stray/sound/${UNTIL_US}.wav`)).status, 404, 'a file without a call');
    // Hours later the same id is another call: `id#2`.
    const later = own.call.ended_at + 7_200e6;
    await writeRecording({ folder, callId: own.call.call_id, startUs: later });
    assert.equal((await ask(own.at('wav', later))).status, 404);
  });

  test('no name leads out of the folder', async () => {
    const { call, into, at } = await recorded('default', 5);
    const secret = join(dirname(folder), `secret-${process.pid}.wav`);
    await writeFile(secret, Buffer.alloc(1_000, 1));
    const linked = call.started_at + 6e6;
    await symlink(secret, join(into, recordingName(linked)));
    try {
      assert.equal((await ask(at('wav', linked))).status, 404, 'a link');
      for (const path of [
        '/calls/..%2f..%2fetc%2fpasswd/sound/1.wav',
        '/calls/%2e%2e/sound/1.wav',
        `/calls/${call.call_id}/sound/..%2f..%2f..%2fsecret-${process.pid}.wav`,
        `/calls/${call.call_id}/sound/%2e%2e%2fcall.json`,
        `/calls/${call.call_id}/sound/1%00.wav`,
        `/calls/${call.call_id}/sound/${'9'.repeat(40)}.wav`,
        `/calls/${call.call_id}/sound/-1.wav`,
        '/calls/%00/sound/1.wav',
        `/calls/${call.call_id}/sound/1.wav?tenant=..%2f..`,
      ])
        assert.ok([400, 404].includes(await raw(path)), path);
    } finally {
      await rm(secret, { force: true });
    }
  });

  /** A path as it is: `fetch` would tidy it up. */
  const raw = (path: string) =>
    new Promise<number>((resolve, reject) => {
      request(`${page.url}/`, { path: `/api${path}` }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .once('error', reject)
        .end();
    });
});

test('without the token no one hears anything; without a folder there is nothing to hear', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'earshot-sound-'));
  const TOKEN = 'a-token-of-more-than-16-characters';
  let call: CallRows['metrics'] | undefined;
  const fill = async (db: Parameters<typeof fillTenants>[0]) => {
    call = (await fillTenants(db, { calls: 1, untilUs: UNTIL_US }))[0]?.metrics;
  };
  const page = await startPage(fill, { EARSHOT_RECORDINGS: folder, EARSHOT_AUTH_TOKEN: TOKEN });
  try {
    assert.ok(call);
    await writeRecording({ folder, callId: call.call_id, startUs: call.started_at });
    const address = `${page.url}/api/calls/${call.call_id}/sound/${call.started_at}`;
    const headers = { authorization: `Bearer ${TOKEN}` };
    for (const kind of ['wav', 'peaks']) {
      assert.equal((await fetch(`${address}.${kind}`)).status, 401);
      assert.equal((await fetch(`${address}.${kind}`, { headers })).status, 200);
    }
    assert.equal((await fetch(`${page.url}/api/calls/${call.call_id}/heard`)).status, 401);
  } finally {
    await page.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
