import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as namespace from 'ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { PhoneLine } from '../../../demo/phone-line.ts';
import { utterance } from '../../../demo/speech.ts';
import { setRecordings } from '../../../instrumentation/sdks/kit/recording/recordings.ts';
import { patchTwilioMediaStreams } from '../../../instrumentation/sdks/twilio/twilio.ts';
import type { Fact } from '../../../model/facts.ts';
import { callFolder, callPath } from '../../../recordings/names.ts';
import { listRecordings } from '../../../recordings/recordings.ts';
import { WAV_HEADER_BYTES } from '../../../recordings/wav.ts';
import { Folder } from '../../../storage/folder.ts';
import { recordDiagnostics } from '../../support/diagnostics.ts';
import { callsOf, stagesOf } from '../../support/facts.ts';
import { poll } from '../../support/poll.ts';
import { recordSpans, takeFacts } from '../../support/spans.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

interface Heard {
  event: string;
  media?: { timestamp: string; payload: string };
}

/** An agent that gets what it is sent, and says what the test tells it to. */
describe('a media stream that is recorded', () => {
  let port = 0;
  let server: WebSocketServer;
  let sockets: { ws: WebSocket; heard: Heard[] }[] = [];
  before(async () => {
    recordSpans();
    patchTwilioMediaStreams(namespace);
    server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    server.on('connection', (ws) => {
      const socket = { ws, heard: [] as Heard[] };
      sockets.push(socket);
      ws.on('message', (data) => socket.heard.push(JSON.parse(String(data))));
    });
    await once(server, 'listening');
    port = (server.address() as { port: number }).port;
  });
  after(() => {
    setRecordings(undefined);
    server.close();
  });

  async function call(callSid: string) {
    sockets = [];
    takeFacts();
    const line = await PhoneLine.open({
      url: `ws://127.0.0.1:${port}`,
      callSid,
      streamSid: `MZ${callSid}`,
      parameters: {},
      onEvent: () => {},
    });
    const socket = await poll(() => sockets[0]);
    await poll(() => socket.heard.some(({ event }) => event === 'media'));
    const say = (payload: Buffer) =>
      socket.ws.send(
        JSON.stringify({ event: 'media', streamSid: 'MZ', media: { payload: payload.toString('base64') } }),
      );
    const clear = () => socket.ws.send(JSON.stringify({ event: 'clear', streamSid: 'MZ' }));
    return { line, say, clear, heard: socket.heard };
  }

  /** All facts, when the call has ended. */
  async function factsOfCall(): Promise<Fact[]> {
    const facts: Fact[] = [];
    await poll(() => {
      facts.push(...takeFacts());
      return callsOf(facts).length > 0;
    });
    return facts;
  }

  test('has the caller left, by the clock of the stream, and the agent right, when it was heard: to the sample', async (t) => {
    const folder = await temporaryFolder(t);
    setRecordings(folder);
    const { line, say, clear, heard } = await call('CArecorded');
    await line.say(utterance('hours-thanks'));
    // An answer of three frames, heard to its end; then one of ten seconds, sent at once and thrown away.
    for (const byte of [0x11, 0x12, 0x13]) say(Buffer.alloc(160, byte));
    await poll(() => !line.playing);
    await new Promise((resolve) => setTimeout(resolve, 150));
    say(Buffer.alloc(80_000, 0x21));
    await poll(() => line.playing);
    await new Promise((resolve) => setTimeout(resolve, 60));
    clear();
    say(Buffer.alloc(400, 0x31));
    await poll(() => !line.playing);
    line.hangUp();
    const facts = await factsOfCall();
    const [fact] = callsOf(facts);
    assert.ok(fact);
    const listed = () => listRecordings(new Folder(folder), callPath('CArecorded'));
    const [recording] = await poll(async () => {
      const path = (await listed())[0]?.path;
      // It has its length when it is whole: before, it was as long as what was written by then.
      return path !== undefined && (await readFile(join(folder, path))).readUInt32LE(54) > 0 && listed();
    });
    assert.ok(recording);
    assert.equal(recording.startUs, fact.startUs, 'the first sample is the beginning of the call');
    const sampleOf = (us: number) => Math.round(((us - fact.startUs) * 8_000) / 1e6);
    const samples = Math.round(recording.seconds * 8_000);
    assert.equal(samples, sampleOf(fact.endUs), 'the last one is its end');

    const bytes = (await readFile(join(folder, recording.path))).subarray(WAV_HEADER_BYTES);
    const side = (which: 0 | 1) => Buffer.from(bytes.filter((_, i) => i % 2 === which));
    const left = Buffer.alloc(samples, 0xff);
    for (const { media } of heard) {
      const at = Number(media?.timestamp ?? Number.POSITIVE_INFINITY) * 8;
      // A process that was busy hears of the last frames after the end of the call.
      if (media && at < left.length)
        left.set(Buffer.from(media.payload, 'base64').subarray(0, left.length - at), at);
    }
    const firstSound = (sound: Buffer) => sound.findIndex((byte) => byte !== 0xff);
    // More than nothing where this process was busy when the stream began.
    const early = firstSound(left) - firstSound(side(0));
    assert.ok(early >= 0 && firstSound(left) > 0, `${early} samples`);
    const since = Buffer.concat([left.subarray(early), Buffer.alloc(early, 0xff)]);
    assert.ok(side(0).equals(since), 'left is what the stream said');

    // To the tracker it is one answer, or several where this process was busy between its pieces: it begins with the first
    // frame, and ends where it was cleared.
    const playbacks = stagesOf(facts, 'playback');
    const begun = sampleOf(playbacks[0]?.startUs ?? Number.NaN);
    const right = Buffer.alloc(samples, 0xff);
    let heardUntil = begun;
    for (const byte of [0x11, 0x12, 0x13]) {
      const at = side(1).indexOf(byte);
      assert.ok(byte === 0x11 ? at === begun : at >= heardUntil, `${byte}: ${at}, ${heardUntil}`);
      heardUntil = at + 160;
      right.fill(byte, at, heardUntil);
    }
    const [again, last] = [side(1).indexOf(0x21), side(1).indexOf(0x31)];
    const cut = playbacks.findLast(({ startUs }) => sampleOf(startUs) <= again);
    const cleared = sampleOf(cut?.endUs ?? Number.NaN);
    assert.ok(again > heardUntil && last >= cleared, `${[heardUntil, again, cleared, last]}`);
    right.fill(0x21, again, cleared);
    right.fill(0x31, last, last + 400);
    assert.ok(side(1).equals(right), 'right is what was heard, and silent from where it was cleared');

    assert.equal((await stat(join(folder, recording.path))).mode & 0o777, 0o600);
    const into = callFolder(folder, 'CArecorded');
    assert.equal((await stat(into)).mode & 0o777, 0o700);
    assert.deepEqual(JSON.parse(await readFile(join(into, 'call.json'), 'utf8')), { call_id: 'CArecorded' });
  });

  test('is nothing, where it is not asked for', async (t) => {
    const folder = await temporaryFolder(t);
    setRecordings(undefined);
    const { line } = await call('CAunrecorded');
    line.hangUp();
    await poll(() => callsOf(takeFacts()).length > 0);
    assert.deepEqual(await readdir(folder), []);
  });

  test('where the disk takes nothing, calls go on and are as ever, and one line says so', async (t) => {
    const folder = await temporaryFolder(t);
    const said = recordDiagnostics(t);
    setRecordings(folder);
    for (const callSid of ['CAfirst', 'CAsecond']) {
      // Where the folder of the call would be is a file.
      const into = callFolder(folder, callSid);
      await mkdir(dirname(into), { recursive: true });
      await writeFile(into, '');
      const { line, say } = await call(callSid);
      await line.say(utterance('hours-thanks'));
      say(Buffer.alloc(320, 0x11));
      await poll(() => !line.playing);
      line.hangUp();
      const facts = await factsOfCall();
      assert.equal(callsOf(facts)[0]?.endReason, 'hangup');
      assert.equal(stagesOf(facts, 'playback').length, 1);
    }
    assert.deepEqual(said.error, []);
    assert.equal(said.warn.length, 1, said.warn.join('\n'));
    assert.match(said.warn[0] ?? '', /EARSHOT_RECORDINGS cannot be written \(ENOTDIR\): calls go on/);
  });

  test('a folder that cannot be used is said at once', async (t) => {
    const said = recordDiagnostics(t);
    setRecordings('/proc/nowhere/recordings');
    assert.match(said.error[0] ?? '', /EARSHOT_RECORDINGS cannot be used \(ENOENT\): nothing is recorded/);
  });
});
