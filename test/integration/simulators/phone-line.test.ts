import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import { mulawToLinear, voicedRanges } from '../../../demo/audio.ts';
import { type LineEvent, PhoneLine } from '../../../demo/phone-line.ts';
import { utterance } from '../../../demo/speech.ts';
import { assertNear, stoodStillMicros } from '../../support/near.ts';
import { poll } from '../../support/poll.ts';

interface Received {
  readonly event: string;
  readonly atMs: number;
  readonly [key: string]: unknown;
}

/** A line to an agent that only writes down what it receives. */
async function connect(t: TestContext) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  const received: Received[] = [];
  let agent: WebSocket | undefined;
  server.on('connection', (socket) => {
    agent = socket;
    socket.on('message', (data) => received.push({ ...JSON.parse(String(data)), atMs: performance.now() }));
  });
  await poll(() => server.address());
  const events: LineEvent[] = [];
  const line = await PhoneLine.open({
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    callSid: 'CA1',
    streamSid: 'MZ1',
    parameters: { direction: 'inbound' },
    onEvent: (event) => events.push(event),
  });
  t.after(() => {
    line.hangUp();
    for (const client of server.clients) client.terminate();
    server.close();
  });
  const socket = await poll(() => agent);
  return { line, received, events, socket, send: (message: object) => socket.send(JSON.stringify(message)) };
}

const media = (seconds: number): object => ({
  event: 'media',
  media: { payload: Buffer.alloc(seconds * 8000, 0x10).toString('base64') },
});
const payloadOf = (message: Received | undefined): Buffer =>
  Buffer.from((message?.media as { payload?: string } | undefined)?.payload ?? '', 'base64');
const kinds = (received: readonly Received[]): string[] =>
  received.map(({ event }) => event).filter((event) => event !== 'media');

test('a stream begins with connected and start, and its frames keep the time of the wall', async (t) => {
  const { received } = await connect(t);
  const frames = () => received.filter(({ event }) => event === 'media');
  await poll(() => frames().length >= 75);
  assert.deepEqual(kinds(received), ['connected', 'start']);
  const start = received[1]?.start as Record<string, unknown>;
  assert.equal(start.callSid, 'CA1');
  assert.deepEqual(start.customParameters, { direction: 'inbound' });
  assert.deepEqual(start.mediaFormat, { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 });
  // How late the most punctual of some frames is: a busy machine delays some, drift would delay all.
  const begun = frames()[0]?.atMs ?? 0;
  const late = frames().map(({ atMs }, i) => atMs - begun - i * 20);
  const drift = Math.min(...late.slice(50, 75)) - Math.min(...late.slice(0, 25));
  assert.ok(Math.abs(drift) < 10, `${drift} ms`);
  assert.deepEqual(payloadOf(frames()[0]), Buffer.alloc(160, 0xff));
});

test('what is said arrives whole, and its end is the end of its last voiced sample', async (t) => {
  const { line, received } = await connect(t);
  const said = utterance('menu-question');
  const spoken = await line.say(said);
  const { startedMicros, endedMicros } = spoken;
  const lasts = (said.speechEndSeconds - said.speechStartSeconds) * 1e6;
  assertNear(
    endedMicros,
    startedMicros + lasts,
    10_000 + stoodStillMicros(startedMicros - 100_000, endedMicros),
  );
  const audio = Buffer.concat(received.filter(({ event }) => event === 'media').map(payloadOf));
  await poll(() => received.filter(({ event }) => event === 'media').length * 160 >= audio.length);
  const [heard] = voicedRanges(mulawToLinear(audio));
  assert.ok(heard);
  const voiced = said.mulaw.subarray(said.speechStartSeconds * 8000);
  const got = audio.subarray(heard.start, heard.end);
  assert.deepEqual(got, Buffer.from(voiced.subarray(0, got.length)));
});

test('a mark comes back when the audio before it has been heard', async (t) => {
  const { received, events, send } = await connect(t);
  const begun = performance.now();
  send(media(0.3));
  send({ event: 'mark', mark: { name: 'answer-0' } });
  const mark = await poll(() => received.find(({ event }) => event === 'mark'));
  assert.deepEqual(mark.mark, { name: 'answer-0' });
  const afterMs = mark.atMs - begun;
  assert.ok(afterMs >= 298, `${afterMs} ms`);
  await poll(() => events.some(({ kind }) => kind === 'drained'));
});

test('clear drops what was not heard and sends its marks back at once', async (t) => {
  const { line, received, events, send } = await connect(t);
  send(media(60));
  send({ event: 'mark', mark: { name: 'answer-0' } });
  await poll(() => events.some(({ kind }) => kind === 'audio') && line.playing);
  send({ event: 'clear' });
  await poll(() => received.some(({ event }) => event === 'mark'));
  const cleared = events.find((event) => event.kind === 'cleared');
  assert.ok(cleared?.kind === 'cleared' && cleared.droppedSeconds > 0 && cleared.droppedSeconds < 60);
  assert.ok(Math.abs(line.heard.length / 8000 + cleared.droppedSeconds - 60) < 0.01);
  assert.equal(line.playing, false);
});

test('hanging up sends stop; an agent that hangs up is told from it', async (t) => {
  const ours = await connect(t);
  ours.line.hangUp();
  await poll(() => ours.events.some((event) => event.kind === 'closed' && event.by === 'caller'));
  await poll(() => ours.received.some(({ event }) => event === 'stop'));
  const theirs = await connect(t);
  theirs.socket.close();
  await poll(() => theirs.events.some((event) => event.kind === 'closed' && event.by === 'agent'));
});
